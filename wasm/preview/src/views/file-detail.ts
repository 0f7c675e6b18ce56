import { css, html, nothing } from "lit";

import type { Side } from "../engine/protocol.js";
import { exactBytes, plural } from "../format.js";
import "../parts/code-lines.js";
import { ModelElement } from "../parts/element.js";
import { problemNotice } from "../parts/problem.js";
import { shared } from "../parts/style.js";

/** One file: both sides, and its lines where it has some. */
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
    `,
  ];

  protected override render() {
    const { view, file, problems } = this.model;
    if (view.file === null) return nothing;
    return html`<section class="panel" aria-label="File ${view.file}">
      <header>
        <h2 class="mono">${view.file}</h2>
        <button @click=${() => this.model.set({ file: null })}>Close</button>
      </header>
      ${problemNotice(problems.file, "Not shown:")}
      ${file === null || file.path !== view.file
        ? nothing
        : html`<dl class="small">
              <dt>On the device</dt>
              <dd>${this.#side(file.before)}</dd>
              <dt>${file.kept ? "In the target" : "Afterwards"}</dt>
              <dd>${this.#side(file.after)}</dd>
            </dl>
            ${file.kept
              ? html`<p class="notice">The device keeps its own: the server's settings protect this file.</p>`
              : nothing}
            ${file.lines === null
              ? html`<p class="soft">${file.note}.</p>`
              : html`<p class="small row">
                    <span class="new">${plural(file.added, "line")} added</span>
                    <span class="delete">${plural(file.removed, "line")} removed</span>
                  </p>
                  ${file.added + file.removed === 0 && file.lines.length <= 1
                    ? html`<p class="soft">No line differs.</p>`
                    : html`<rp-code-lines .lines=${file.lines} label="Differences in ${view.file}"></rp-code-lines>`}`}`}
    </section>`;
  }

  #side(side: Side | null) {
    if (side === null) return html`<span class="soft">no such file</span>`;
    return html`<span class="number">${exactBytes(side.size ?? NaN)}</span> <code>${side.sha1}</code>`;
  }
}

customElements.define("rp-file-detail", FileDetail);
