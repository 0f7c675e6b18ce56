import { css, html, nothing } from "lit";

import type { Notice } from "../engine/protocol.js";
import { bytes, count, exactBytes, plural } from "../format.js";
import { ModelElement } from "../parts/element.js";
import { shared } from "../parts/style.js";

/** Many notices of one kind tell no more than a few. */
const MOST = 200;

/** What was found, what was left out and why, and what deserves a look. */
export class ReleasesView extends ModelElement {
  static override styles = [
    shared,
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
    const { releases, firmware, ignored, warnings, kind } = overview;
    return html`
      <section class="panel" aria-labelledby="warnings-title">
        <h2 id="warnings-title">Worth a look (${count(warnings.length)})</h2>
        ${warnings.length === 0 ? html`<p class="soft">Nothing.</p>` : notices(warnings, "Warnings")}
        ${kind === "folder"
          ? html`<p class="small soft">
              A browser follows symbolic links in a folder without saying so, and sees no empty directories; the server does.
            </p>`
          : nothing}
      </section>
      <section class="panel" aria-labelledby="ignored-title">
        <h2 id="ignored-title">Left out (${count(ignored.length)})</h2>
        ${ignored.length === 0 ? html`<p class="soft">Nothing: all that is there is offered.</p>` : notices(ignored, "What was left out")}
      </section>
      <section class="panel" aria-labelledby="releases-title">
        <h2 id="releases-title">${plural(releases.length, "release")}</h2>
        ${releases.length === 0
          ? html`<p class="soft">
              None. The folder has to hold a directory for each release, named with its version: <code>1.0.0/</code>,
              <code>1.0.1/</code>.
            </p>`
          : html`<div class="scroll" tabindex="0" role="region" aria-label="List of releases">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Version</th>
                    <th scope="col" class="end">Files</th>
                    <th scope="col" class="end">Size</th>
                  </tr>
                </thead>
                <tbody>
                  ${[...releases].reverse().map(
                    ({ version, fileCount, size }) => html`<tr>
                      <th scope="row" class="mono version">${version}</th>
                      <td class="end">${count(fileCount)}</td>
                      <td class="end" title=${exactBytes(size)}>${bytes(size)}</td>
                    </tr>`,
                  )}
                </tbody>
              </table>
            </div>`}
      </section>
      <section class="panel" aria-labelledby="firmware-title">
        <h2 id="firmware-title">${plural(firmware.length, "firmware image")}</h2>
        ${firmware.length === 0
          ? html`<p class="soft">None.</p>`
          : html`<div class="scroll" tabindex="0" role="region" aria-label="List of images">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Image</th>
                    <th scope="col" class="end">Size</th>
                  </tr>
                </thead>
                <tbody>
                  ${[...firmware].reverse().map(
                    ({ path, size, sha1 }) => html`<tr>
                      <th scope="row" class="mono version" title=${sha1}>${path}</th>
                      <td class="end" title=${exactBytes(size)}>${bytes(size)}</td>
                    </tr>`,
                  )}
                </tbody>
              </table>
            </div>`}
      </section>
    `;
  }
}

function notices(list: readonly Notice[], name: string) {
  return html`<div class="scroll" tabindex="0" role="group" aria-label=${name}>
    <ul>
      ${list.slice(0, MOST).map(
        ({ path, code, message }) => html`<li>
          <strong class="mono">${path}</strong><br />${message} <code class="soft small">${code}</code>
        </li>`,
      )}
      ${list.length > MOST ? html`<li class="soft">and ${count(list.length - MOST)} more</li>` : nothing}
    </ul>
  </div>`;
}

customElements.define("rp-releases-view", ReleasesView);
