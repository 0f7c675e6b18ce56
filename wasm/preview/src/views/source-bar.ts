import { css, html, nothing } from "lit";

import type { Overview } from "../engine/protocol.js";
import { bytes, plural } from "../format.js";
import { candidateMark } from "../parts/candidate.js";
import { ModelElement } from "../parts/element.js";
import { problemNotice } from "../parts/problem.js";
import { shared } from "../parts/style.js";
import { choose, choosesFolders, folderHint, isFolder, ofInput } from "../files.js";
import "./refusal-view.js";

const KIND_NAMES = { server: "This server", folder: "Folder", zip: "Zip" } as const;

/** Names the open releases, and has buttons to open others. */
export class SourceBar extends ModelElement {
  static override properties = { ...ModelElement.properties, noFolder: { state: true } };
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
      @media (max-width: 559px) {
        #folder-hint {
          display: none;
        }
      }
    `,
  ];

  /** Whether this browser's picker has chosen files when a folder was asked for. */
  declare noFolder: boolean;

  constructor() {
    super();
    this.noFolder = !choosesFolders;
  }

  protected override render() {
    const { overview, progress, problems, server } = this.model;
    const hint = folderHint();
    return html`
      <header>
        <h1>Release preview</h1>
        <p class="what" id="source">
          ${overview === null ? html`<span class="soft">${progress === null ? "nothing open" : "opening …"}</span>` : named(overview)}
        </p>
        <div class="row" role="group" aria-label="Open releases">
          ${server === null
            ? nothing
            : html`<button id="open-server" @click=${() => this.model.openServer()}>
                ${overview?.kind === "server" && overview.source === null ? "Reload" : "This server"}
              </button>`}
          ${this.noFolder ? nothing : html`<button id="open-folder" @click=${() => this.#pick("folder")}>Folder …</button>`}
          <button id="open-zip" class=${this.noFolder ? "main" : ""} @click=${() => this.#pick("zip")}>Zip …</button>
          <input type="file" id="folder" webkitdirectory hidden @change=${this.#picked} aria-label="Folder of releases" />
          <input type="file" id="zip" accept=".zip,application/zip" hidden @change=${this.#picked} aria-label="Zip of releases" />
        </div>
      </header>
      <p class="small soft hint screen" id="private">
        Nothing leaves this browser, also where it asks whether to “upload” files.
        ${this.noFolder
          ? html`<strong id="no-folder">It cannot choose folders: pack the folder as a zip, and choose that.</strong>`
          : html`<span id="folder-hint">${hint}</span>`}
      </p>
      ${progress === null ? nothing : this.#progress(progress)}
      ${problemNotice(problems.source, "Not opened:")}
      <rp-refusal-view .model=${this.model}></rp-refusal-view>
      ${progress === null ? this.#fresh() : nothing}
    `;
  }

  /** What becomes of what is open. */
  #fresh() {
    const { overview, isOther, server, settling, stale, unreachable } = this.model;
    const { candidates: { replacing } = { replacing: [] }, source = null } = overview ?? {};
    return html`${isOther
      ? html`<div class="notice" role="status" id="other">This is another ${source?.kind} than that of the link: its content differs.</div>`
      : nothing}
    ${source === null || server === null
      ? nothing
      : html`<div class="row hint" id="layers">
          <span class="small soft">${source.onTop ? onTop(replacing) : "Shown without this server's releases."}</span>
          <button @click=${() => this.model.openAgain(source, { ...source, onTop: !source.onTop })}>
            ${source.onTop ? "Show it alone" : "Try it on top of this server's releases"}
          </button>
        </div>`}
    ${overview?.kind === "server" && settling.length > 0 ? this.#copying() : nothing}
    ${stale
      ? html`<div class="notice row" role="status" id="stale">
          The releases on the server have changed since they were read.
          <button @click=${() => this.model.reload()}>Reload</button>
        </div>`
      : nothing}
    ${unreachable && overview?.kind === "server"
      ? html`<div class="notice" role="status" id="unreachable">The server does not respond: this is what it had when it last did.</div>`
      : nothing}`;
  }

  #copying() {
    const { settling } = this.model;
    return html`<p class="notice" id="copying">
      <span role="status">Being copied: ${settling.map(({ name }, index) => html`${index > 0 ? ", " : ""}<span class="mono">${name}</span>`)}.</span>
      <span class="number"
        >${plural(settling.reduce((sum, { files }) => sum + files, 0), "file")},
        ${bytes(settling.reduce((sum, one) => sum + one.bytes, 0))} so far. What is copied is offered when nothing in it has changed for a while.</span
      >
    </p>`;
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
    const input = event.target as HTMLInputElement;
    const given = ofInput(input);
    if (given === null) return;
    this.noFolder ||= input.webkitdirectory && !isFolder(input);
    if ("file" in given || isFolder(input) || !input.webkitdirectory) void this.model.open(given);
  }
}

function onTop(replacing: readonly string[]) {
  return `Shown on top of this server's releases${replacing.length === 0 ? "" : `, in place of its ${replacing.join(", ")}`}.`;
}

function named({ candidates, entries, bytes: size, firmware, kind, name, releases, source }: Overview) {
  const above = [...candidates.versions, ...candidates.images];
  const counts = [plural(releases.length, "release"), plural(firmware.length, "image"), `${plural(entries, "file")}, ${bytes(size)}`];
  return html`<strong>${KIND_NAMES[kind]}</strong> <span class="mono">${name}</span>
    ${above.length === 0 || source === null
      ? nothing
      : html`with ${above.map((candidate) => html`<span class="mono">${candidate}</span>${candidateMark} `)}from the ${source.kind}
          <span class="mono">${source.name}</span>`}
    ${source === null || kind === "server" || (source.inside === "" && source.as === null)
      ? nothing
      : html`<span class="mono">${source.inside}</span> ${source.as === null ? nothing : html`as <span class="mono">${source.as}</span>`}`}
    <span class="soft number">· ${counts.join(" · ")}</span>`;
}

customElements.define("rp-source-bar", SourceBar);
