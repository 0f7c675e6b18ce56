import { css, html, nothing } from "lit";

import { bytes, plural } from "../format.js";
import { ModelElement } from "../parts/element.js";
import { problemNotice } from "../parts/problem.js";
import { shared } from "../parts/style.js";
import { choose, folderHint, ofInput } from "../files.js";

const KIND_NAMES = { server: "This server", folder: "Folder", zip: "Zip" } as const;

/** Names the open releases, and has buttons to open others. */
export class SourceBar extends ModelElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
      header {
        display: flex;
        flex-wrap: wrap;
        gap: 8px 20px;
        align-items: center;
      }
      h1 {
        font-size: 1.15rem;
        font-weight: 700;
        margin: 0;
        letter-spacing: -0.01em;
      }
      .what {
        flex: 1 1 240px;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .progress {
        margin-top: 10px;
        display: grid;
        grid-template-columns: 1fr auto;
        gap: 4px 12px;
        align-items: center;
      }
      progress {
        width: 100%;
        height: 10px;
        accent-color: var(--accent);
      }
      .notice,
      .hint {
        margin: 10px 0 0;
      }
    `,
  ];

  protected override render() {
    const { overview, progress, problems, server, stale } = this.model;
    const hint = folderHint();
    return html`
      <header>
        <h1>Release preview</h1>
        <p class="what" id="source">
          ${overview === null
            ? html`<span class="soft">${progress === null ? "nothing open" : "opening …"}</span>`
            : html`<strong>${KIND_NAMES[overview.kind]}</strong> <span class="mono">${overview.name}</span>
                <span class="soft number">
                  · ${plural(overview.releases.length, "release")} · ${plural(overview.firmware.length, "image")} ·
                  ${plural(overview.entries, "file")}, ${bytes(overview.bytes)}
                </span>`}
        </p>
        <div class="row" role="group" aria-label="Open releases">
          ${server === null
            ? nothing
            : html`<button id="open-server" @click=${() => this.model.openServer()}>
                ${overview?.kind === "server" ? "Reload" : "This server"}
              </button>`}
          <button id="open-folder" @click=${() => this.#pick("folder")}>Folder …</button>
          <button id="open-zip" @click=${() => this.#pick("zip")}>Zip …</button>
          <input type="file" id="folder" webkitdirectory hidden @change=${this.#picked} aria-label="Folder of releases" />
          <input type="file" id="zip" accept=".zip,application/zip" hidden @change=${this.#picked} aria-label="Zip of releases" />
        </div>
      </header>
      ${hint === "" ? nothing : html`<p class="small soft hint" id="folder-hint">${hint}</p>`}
      ${progress === null ? nothing : this.#progress(progress)}
      ${problemNotice(problems.source, "Not opened:")}
      ${stale && progress === null
        ? html`<div class="notice row" role="status">
            The releases on the server have changed since they were read.
            <button @click=${() => this.model.openServer()}>Reload</button>
          </div>`
        : nothing}
    `;
  }

  #progress({ files, done, total, what }: NonNullable<typeof this.model.progress>) {
    const name = files !== null ? `${plural(files, "file")} found` : total > 0 ? `${bytes(done)} of ${bytes(total)} read` : "reading the listing";
    return html`<div class="progress">
      <span class="small number" id="progress-text">${what === "check" ? "Check: " : ""}${name}</span>
      <button class="cancel" id="cancel" @click=${() => this.model.cancel()}>Cancel</button>
      ${total > 0 && files === null
        ? html`<progress aria-labelledby="progress-text" max=${total} .value=${done}></progress>`
        : html`<progress aria-labelledby="progress-text"></progress>`}
    </div>`;
  }

  #pick(id: string) {
    void choose(this.renderRoot.querySelector<HTMLInputElement>(`#${id}`)!, (given) => this.model.open(given));
  }

  #picked(event: Event) {
    const given = ofInput(event.target as HTMLInputElement);
    if (given !== null) void this.model.open(given);
  }
}

customElements.define("rp-source-bar", SourceBar);
