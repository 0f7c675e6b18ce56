import { css, html, nothing } from "lit";

import type { FileAnswer, Side } from "../engine/protocol.js";
import { exactBytes, plural } from "../format.js";
import "../parts/code-lines.js";
import { ModelElement } from "../parts/element.js";
import { problemNotice } from "../parts/problem.js";
import { shared } from "../parts/style.js";

/** One file: size and hash before and after, and its line diff. */
export class FileDetail extends ModelElement {
  static override styles = [
    shared,
    css`
      header {
        display: flex;
        gap: 8px;
        align-items: start;
        justify-content: space-between;
        margin-bottom: 8px;
      }
      h2 {
        font-size: 0.875rem;
        overflow-wrap: anywhere;
      }
      .notice {
        margin-bottom: 10px;
      }
      dl {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        gap: 2px 12px;
        margin: 0 0 10px;
      }
      dt {
        color: var(--soft);
      }
      dd {
        margin: 0;
        overflow-wrap: anywhere;
      }
      rp-code-lines {
        --lines-height: 44vh;
      }
      @media screen and (max-width: 1439px) {
        .panel {
          border: 0;
          border-radius: 0;
        }
        rp-code-lines {
          --lines-height: 28vh;
        }
      }
    `,
  ];

  protected override render() {
    const { awaited, view, file, problems } = this.model;
    if (view.file === null) return nothing;
    return html`<section class="panel" aria-label="File ${view.file}" aria-busy=${awaited.has("file") ? "true" : "false"}>
      <header>
        <h2 class="mono">${view.file}</h2>
        <button @click=${() => this.dispatchEvent(new Event("close"))}>Close</button>
      </header>
      ${problemNotice(problems.file, "Not shown:")}
      ${file === null || file.path !== view.file ? nothing : html`${this.#sides(file)} ${this.#lines(file)}`}
    </section>`;
  }

  /** For a protected file, only the device knows its content. */
  #sides({ before, after, from, to, known, kept }: FileAnswer) {
    const later = known || from !== to ? side(after) : UNKNOWN;
    if (kept) {
      return html`<p class="notice">
          Protected by the server's settings: no update adds, changes or deletes this file. What the device has under this name is not known
          here.
        </p>
        <dl class="small">
          ${from === null || from === to ? nothing : html`<dt>In ${from}</dt><dd>${known ? side(before) : UNKNOWN}</dd>`}
          <dt>In ${to}</dt>
          <dd>${later}</dd>
        </dl>`;
    }
    return html`<dl class="small">
      <dt>On the device</dt>
      <dd>${known ? side(before) : UNKNOWN}</dd>
      <dt>After the update</dt>
      <dd>${later}</dd>
    </dl>`;
  }

  #lines({ path, lines, note, trouble, added, removed }: FileAnswer) {
    if (trouble !== null) return problemNotice(trouble, "Its content is not shown:");
    if (lines === null) return html`<p class="soft">${note}.</p>`;
    return html`<p class="small row">
        <span class="new">${plural(added, "line")} added</span>
        <span class="delete">${plural(removed, "line")} removed</span>
      </p>
      ${added + removed === 0 && lines.length <= 1
        ? html`<p class="soft">No line differs.</p>`
        : html`<rp-code-lines .lines=${lines} label="Differences in ${path}"></rp-code-lines>`}`;
  }
}

const UNKNOWN = html`<span class="soft">unknown: its release is not available here</span>`;

function side(side: Side | null) {
  if (side === null) return html`<span class="soft">no such file</span>`;
  return html`<span class="number">${exactBytes(side.size ?? NaN)}</span> <code>${side.sha1}</code>`;
}

customElements.define("rp-file-detail", FileDetail);
