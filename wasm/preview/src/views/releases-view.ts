import { css, html, nothing, type TemplateResult } from "lit";

import type { Notice } from "../engine/protocol.js";
import { bytes, count, exactBytes } from "../format.js";
import { folderHint } from "../files.js";
import { ModelElement } from "../parts/element.js";
import { markOf } from "../parts/candidate.js";
import { signedList, signedStyle, signedTitle } from "../parts/signed.js";
import { shared } from "../parts/style.js";
import * as common from "../texts/common.js";
import * as texts from "../texts/releases.js";

/** More notices than this are not shown one by one. */
const MOST = 200;

/** Releases, images, who signed them, what is ignored and why, and warnings. */
export class ReleasesView extends ModelElement {
  static override styles = [
    shared,
    signedStyle,
    css`
      :host {
        display: block;
        columns: 340px;
        column-gap: 14px;
      }
      section {
        break-inside: avoid;
        margin-bottom: 14px;
      }
      @media print {
        section {
          break-inside: auto;
        }
      }
      h2 {
        margin-bottom: 8px;
      }
      table {
        border-collapse: collapse;
        width: 100%;
      }
      th,
      td {
        text-align: left;
        padding: 4px 8px 4px 0;
        border-bottom: 1px solid color-mix(in oklab, var(--line) 60%, transparent);
        font-weight: 400;
      }
      thead th {
        color: var(--soft);
        font-size: 0.82rem;
        font-weight: 600;
      }
      .end {
        text-align: right;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      .scroll {
        max-height: 60vh;
        overflow: auto;
      }
      .version {
        overflow-wrap: anywhere;
      }
      ul {
        margin: 0;
        padding: 0;
        list-style: none;
        display: grid;
        gap: 8px;
      }
      li {
        overflow-wrap: anywhere;
      }
    `,
  ];

  protected override render() {
    const { overview } = this.model;
    if (overview === null) return nothing;
    const { releases, firmware, ignored, warnings, kind, signed } = overview;
    return html`
      ${section(
        "warnings",
        texts.warnings.title(warnings.length),
        html`${warnings.length === 0 ? html`<p class="soft">${texts.warnings.none}</p>` : notices(warnings, texts.warnings.list)}
        ${kind === "folder"
          ? html`<p class="small soft">${texts.noLinks(folderHint() !== "")}</p>`
          : nothing}`,
      )}
      ${section(
        "ignored",
        texts.ignored.title(ignored.length),
        ignored.length === 0 ? html`<p class="soft">${texts.ignored.none}</p>` : notices(ignored, texts.ignored.list),
      )}
      ${signed === null ? nothing : section("signed", signedTitle(signed), signedList(signed))}
      ${section(
        "releases",
        texts.releases.title(releases.length),
        releases.length === 0
          ? html`<p class="soft">${texts.releases.none}</p>`
          : table(texts.releases.list, texts.releases.columns, [...releases].reverse().map(({ version, fileCount, size }) => ({
              name: version,
              mark: markOf(overview, version),
              title: "",
              cells: [{ text: count(fileCount), title: "" }, { text: bytes(size), title: exactBytes(size) }],
            }))),
      )}
      ${section(
        "firmware",
        texts.images.title(firmware.length),
        firmware.length === 0
          ? html`<p class="soft">${texts.images.none}</p>`
          : table(texts.images.list, texts.images.columns, [...firmware].reverse().map(({ path, size, sha1 }) => ({
              name: path,
              mark: markOf(overview, path),
              title: sha1,
              cells: [{ text: bytes(size), title: exactBytes(size) }],
            }))),
      )}
    `;
  }
}

function section(id: string, title: string, content: TemplateResult) {
  return html`<section class="panel" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${content}
  </section>`;
}

interface Row {
  name: string;
  mark: TemplateResult | typeof nothing;
  title: string;
  cells: { text: string; title: string }[];
}

function table(label: string, [first, ...others]: readonly string[], rows: Row[]) {
  return html`<div class="scroll scrolling" tabindex="0" role="region" aria-label=${label}>
    <table>
      <thead>
        <tr>
          <th scope="col">${first}</th>
          ${others.map((name) => html`<th scope="col" class="end">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ name, mark, title, cells }) => html`<tr>
            <th scope="row" class="version" title=${title}><span class="mono">${name}</span>${mark}</th>
            ${cells.map(({ text, title }) => html`<td class="end" title=${title}>${text}</td>`)}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function notices(list: readonly Notice[], name: string) {
  return html`<div class="scroll scrolling" tabindex="0" role="group" aria-label=${name}>
    <ul>
      ${list.slice(0, MOST).map(
        ({ path, code, message }) => html`<li>
          <strong class="mono">${path}</strong><br />${message} <code class="soft small">${code}</code>
        </li>`,
      )}
      ${list.length > MOST ? html`<li class="soft">${common.more(list.length - MOST)}</li>` : nothing}
    </ul>
  </div>`;
}

customElements.define("rp-releases-view", ReleasesView);
