import { css, html, nothing } from "lit";

import type { Overview } from "../engine/protocol.js";
import { candidateMark } from "../parts/candidate.js";
import { ModelElement } from "../parts/element.js";
import { problemNotice } from "../parts/problem.js";
import { shared } from "../parts/style.js";
import { whatIs } from "../parts/term.js";
import { choose, choosesFolders, folderHint, isFolder, ofInput } from "../files.js";
import type { Host } from "../host.js";
import * as texts from "../texts/sources.js";
import "./refusal-view.js";

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
    const { overview, progress, problems, host } = this.model;
    const isPublished = overview?.kind === "server" && overview.source === null;
    return html`
      <header>
        <h1>${texts.title}</h1>
        <p class="what" id="source">
          ${overview === null ? html`<span class="soft">${progress === null ? texts.nothingOpen : texts.opening}</span>` : named(overview, host)}
        </p>
        <div class="row" role="group" aria-label=${texts.openReleases}>
          ${host.published === null || (host.isListing && isPublished)
            ? nothing
            : html`<button id="open-server" @click=${() => this.model.openServer()}>${isPublished ? texts.reload : texts.published(host)}</button>`}
          ${this.noFolder ? nothing : html`<button id="open-folder" @click=${() => this.#pick("folder")}>${texts.folder}</button>`}
          <button id="open-zip" class=${this.noFolder ? "main" : ""} @click=${() => this.#pick("zip")}>${texts.zip}</button>
          <input type="file" id="folder" webkitdirectory hidden @change=${this.#picked} aria-label=${texts.inputs.folder} />
          <input type="file" id="zip" accept=".zip,application/zip" hidden @change=${this.#picked} aria-label=${texts.inputs.zip} />
        </div>
      </header>
      <p class="small soft hint screen" id="private">
        ${texts.stays}
        ${this.noFolder
          ? html`<strong id="no-folder">${texts.noFolder}</strong>`
          : html`<span id="folder-hint">${folderHint()}</span>`}
      </p>
      ${progress === null ? nothing : this.#progress(progress)}
      ${problemNotice(problems.source, texts.notOpened)}
      <rp-refusal-view .model=${this.model}></rp-refusal-view>
      ${progress === null ? this.#fresh() : nothing}
    `;
  }

  /** What becomes of what is open. */
  #fresh() {
    const { overview, isOther, host, settling, stale, unreachable } = this.model;
    const { candidates: { replacing } = { replacing: [] }, source = null } = overview ?? {};
    return html`${isOther
      ? html`<div class="notice" role="status" id="other">${texts.isOther(source?.kind)}</div>`
      : nothing}
    ${source === null || host.published === null
      ? nothing
      : html`<div class="row hint" id="layers">
          <span class="small soft">${source.onTop ? texts.onTop(host, replacing) : texts.alone(host)}${whatIs("candidate")}</span>
          <button @click=${() => this.model.openAgain(source, { ...source, onTop: !source.onTop })}>
            ${source.onTop ? texts.showAlone : texts.tryOnTop(host)}
          </button>
        </div>`}
    ${overview?.kind === "server" && settling.length > 0 ? this.#copying() : nothing}
    ${stale
      ? html`<div class="notice row" role="status" id="stale">
          ${texts.stale}
          <button @click=${() => this.model.reload()}>${texts.reload}</button>
        </div>`
      : nothing}
    ${unreachable && overview?.kind === "server"
      ? html`<div class="notice" role="status" id="unreachable">${texts.unreachable}</div>`
      : nothing}`;
  }

  #copying() {
    const { settling } = this.model;
    return html`<p class="notice" id="copying">
      <span role="status">${texts.copying(settling)}</span>
      <span class="number"
        >${texts.copiedSoFar(total(settling.map(({ files }) => files)), total(settling.map(({ bytes }) => bytes)))}</span
      >${whatIs("settled")}
    </p>`;
  }

  #progress({ files, done, total, what }: NonNullable<typeof this.model.progress>) {
    const name = files !== null ? texts.found(files) : total > 0 ? texts.read(done, total) : texts.readingListing;
    return html`<div class="progress">
      <span class="small number" id="progress-text">${what === "check" ? texts.check(name) : name}</span>
      <button class="cancel" id="cancel" @click=${() => this.model.cancel()}>${texts.cancel}</button>
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

const total = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

function named(overview: Overview, host: Host) {
  const { candidates, kind, name, source } = overview;
  const above = [...candidates.versions, ...candidates.images];
  return html`<strong>${kind === "server" ? texts.published(host) : texts.kinds[kind]}</strong> <span class="mono">${name}</span>
    ${above.length === 0 || source === null
      ? nothing
      : texts.withCandidates(above.map((candidate) => html`<span class="mono">${candidate}</span>${candidateMark} `), source)}
    ${source === null || kind === "server" || (source.inside === "" && source.as === null)
      ? nothing
      : html`<span class="mono">${source.inside}</span> ${source.as === null ? nothing : texts.asRelease(source.as)}`}
    <span class="soft number">${texts.counts(overview)}</span>`;
}

customElements.define("rp-source-bar", SourceBar);
