import { css, html, nothing } from "lit";

import type { ManifestAnswer } from "../engine/protocol.js";
import { exactBytes } from "../format.js";
import "../parts/code-lines.js";
import "../parts/diff-lines.js";
import { copyText, download } from "../parts/carry.js";
import { ModelElement } from "../parts/element.js";
import { problemNotice } from "../parts/problem.js";
import { shared } from "../parts/style.js";
import { whatIs } from "../parts/term.js";
import * as common from "../texts/common.js";
import * as texts from "../texts/manifest.js";
import { onlyLineEnds } from "../texts/files.js";

/** The exact document that the device gets. */
export class ManifestView extends ModelElement {
  static override properties = { ...ModelElement.properties, said: { state: true } };
  static override styles = [
    shared,
    css`
      .panel {
        display: grid;
        gap: 12px;
        grid-template-columns: minmax(0, 1fr);
      }
      .top {
        display: flex;
        flex-wrap: wrap;
        gap: 10px 20px;
        align-items: end;
      }
      .base {
        flex: 1 1 240px;
        max-width: 460px;
      }
      .actions {
        margin-left: auto;
      }
      .choice {
        display: inline-flex;
        margin-right: 12px;
      }
      rp-code-lines,
      rp-diff-lines {
        --lines-height: 62vh;
      }
    `,
  ];

  declare said: string;
  #of: ManifestAnswer | null = null;

  constructor() {
    super();
    this.said = "";
  }

  protected override willUpdate(): void {
    super.willUpdate();
    const { manifest } = this.model;
    // The note belongs to the previous manifest.
    if (manifest !== this.#of) this.said = "";
    this.#of = manifest;
  }

  protected override render() {
    const { awaited, manifest, overview, problems, render, server, view } = this.model;
    const isCandidate = (overview?.candidates.versions.length ?? 0) + (overview?.candidates.images.length ?? 0) > 0;
    const ready = manifest !== null && !awaited.has("plan") && !awaited.has("manifest");
    return html`<section class="panel" aria-label=${texts.manifest}>
      <div class="top">
        <div class="base">
          <label class="label" for="base">${texts.baseUrl}</label>${whatIs("baseUrl")}
          <input
            id="base"
            class="mono"
            inputmode="url"
            .value=${render.baseUrl}
            @change=${(event: Event) => this.model.set({ base: (event.target as HTMLInputElement).value.trim() || null })}
          />
        </div>
        <div role="radiogroup" aria-labelledby="format-label">
          <span class="label" id="format-label">${texts.format}</span>${whatIs("format")}
          <div>
            ${([1, 2, 3] as const).map(
              (format) => html`<label class="choice">
                <input
                  type="radio"
                  name="format"
                  id="format-${format}"
                  .checked=${view.format === format}
                  @change=${() => this.model.set({ format })}
                />
                ${texts.formats[format]}
              </label>`,
            )}
          </div>
        </div>
        <div class="row actions">
          <button id="copy" ?disabled=${!ready} @click=${this.#copy}>${common.copy}</button>
          <button id="save" ?disabled=${!ready} @click=${this.#save}>${common.download}</button>
          ${server === null
            ? nothing
            : html`<button
                class="main"
                id="compare"
                ?disabled=${!ready || view.to !== null || isCandidate}
                aria-describedby="compare-about"
                @click=${() => this.model.compare()}
              >
                ${texts.compare}
              </button>`}
        </div>
      </div>
      <p class="small soft" role="status" id="about">
        ${manifest === null ? "" : exactBytes(manifest.bytes)}${this.said === "" ? "" : ` · ${this.said}`}
      </p>
      ${isCandidate
        ? html`<p class="small soft" id="compare-about">${texts.notCandidates}</p>`
        : server !== null && view.to !== null
        ? html`<p class="small soft" id="compare-about">${texts.notOthers}</p>`
        : html`<span id="compare-about" hidden></span>`}
      ${problemNotice(problems.plan, texts.none)}
      ${problems.plan === undefined ? problemNotice(problems.manifest, texts.none) : nothing}
      ${problemNotice(problems.compare, texts.notCompared)} ${this.#compared()}
      ${manifest === null
        ? nothing
        : html`<rp-code-lines .text=${manifest.text} label=${texts.text} aria-busy=${ready ? "false" : "true"}></rp-code-lines>`}
    </section>`;
  }

  #compared() {
    const { compared } = this.model;
    if (compared === null) return nothing;
    if (compared.difference === null) {
      return html`<div class="notice good" role="status" id="compared">${texts.same(compared.bytes, compared.url)}</div>`;
    }
    return html`<div class="notice bad" role="alert" id="compared">${texts.differs(compared.url)}</div>
      ${compared.difference.added + compared.difference.removed === 0
        ? html`<p>${onlyLineEnds}</p>`
        : html`<rp-diff-lines .difference=${compared.difference} label=${texts.differences}></rp-diff-lines>`}`;
  }

  async #copy() {
    const done = await copyText(this.model.manifest?.text ?? "");
    this.said = done ? common.copied : common.useDownload;
  }

  #save() {
    download(this.model.manifest?.text ?? "", "manifest.json", "application/json");
    this.said = common.downloadedAs("manifest.json");
  }
}

customElements.define("rp-manifest-view", ManifestView);
