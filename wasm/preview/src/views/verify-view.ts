import { css, html, nothing, type TemplateResult } from "lit";

import type { VerifyRow, Content } from "../engine/protocol.js";
import { choose, fileOf, folderHint, isFolder, isZip, ofDrop, ofInput, type Choice } from "../files.js";
import { exactBytes } from "../format.js";
import { candidateText } from "../parts/candidate.js";
import { copyText, download } from "../parts/carry.js";
import "../parts/code-lines.js";
import { DEVICE_FILES, DEVICE_FILES_NAME } from "../parts/device-files.js";
import { ModelElement } from "../parts/element.js";
import { problemNotice } from "../parts/problem.js";
import { shared } from "../parts/style.js";
import { VirtualRows } from "../parts/virtual.js";
import * as common from "../texts/common.js";
import * as texts from "../texts/verify.js";

const ROW = 46;
const LOOKS: Record<VerifyRow["kind"], { sign: string; class: string }> = {
  right: { sign: "✓", class: "right" },
  missing: { sign: "−", class: "delete" },
  different: { sign: "≠", class: "delete" },
  unexpected: { sign: "+", class: "update" },
  url: { sign: "!", class: "delete" },
};

/** Compares files with a manifest (rule Y1) or with a release (rule Y2). */
export class VerifyView extends ModelElement {
  static override properties = { ...ModelElement.properties, version: { state: true }, onlyWrong: { state: true }, copied: { state: true } };
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: 14px;
        grid-template-columns: minmax(0, 1fr);
      }
      .cards {
        display: grid;
        gap: 14px;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
      }
      .card {
        display: grid;
        gap: 10px;
        grid-template-columns: minmax(0, 1fr);
        align-content: start;
      }
      details p {
        margin: 8px 0;
        overflow-wrap: anywhere;
      }
      .drop {
        border: 1px dashed var(--strong-line);
        border-radius: 6px;
        padding: 10px 12px;
        background: var(--sunken);
      }
      .drop.over {
        border-style: solid;
        border-color: var(--accent);
        background: var(--accent-soft);
      }
      .rows {
        overflow: auto;
        max-height: 52vh;
        border: 1px solid var(--line);
        border-radius: 6px;
        margin-top: 10px;
      }
      .item {
        height: 46px;
        display: grid;
        grid-template-columns: 104px minmax(0, 1fr);
        gap: 0 10px;
        padding: 3px 12px;
        border-bottom: 1px solid color-mix(in oklab, var(--line) 55%, transparent);
        align-content: center;
      }
      .item > * {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .item .sides {
        grid-column: 2;
      }
      .result {
        display: flex;
        flex-wrap: wrap;
        gap: 8px 16px;
        justify-content: space-between;
      }
      @media (max-width: 559px) {
        .item {
          grid-template-columns: 84px minmax(0, 1fr);
          padding: 3px 8px;
        }
      }
    `,
  ];

  declare version: string | null;
  declare onlyWrong: boolean;
  /** Whether the program was copied. */
  declare copied: string;
  #rows = new VirtualRows(this, ROW);
  #shown: unknown = null;

  constructor() {
    super();
    this.version = null;
    this.onlyWrong = false;
    this.copied = "";
  }

  protected override render() {
    const { manifestFile, overview, problems } = this.model;
    if (overview === null) return nothing;
    const versions = overview.releases.map((release) => release.version);
    const { from } = this.model.view;
    const version = this.version ?? (from !== null && versions.includes(from) ? from : (versions.at(-1) ?? ""));
    const copied = (given: Choice) => this.model.verifyDevice(version, null, given);
    return html`
      <div class="cards">
        ${card(
          "content",
          texts.content,
          html`${this.#drop("manifest-file", texts.content.manifest, (file) => this.model.takeManifest(file), null)}
            ${manifestFile === null ? nothing : html`<p class="small" id="manifest-name">${texts.content.chosen(manifestFile.name)}</p>`}
            ${this.#drop("content-folder", texts.content.folder, null, (given) => this.#check(given))}
            <div class="row">
              <button id="check-own" ?disabled=${manifestFile === null} @click=${() => this.#check(null)}>${texts.content.own}</button>
            </div>`,
        )}
        ${card(
          "device",
          texts.device,
          html`<div>
              <label class="label" for="check-version">${texts.device.release}</label>
              <select id="check-version" @change=${(event: Event) => (this.version = (event.target as HTMLSelectElement).value)}>
                ${[...versions].reverse().map((name) => html`<option value=${name} .selected=${name === version}>${candidateText(overview, name)}</option>`)}
              </select>
            </div>
            ${this.#drop("device-listing", texts.device.listing, (file) => this.model.verifyDevice(version, file, null), copied)}
            ${this.#drop("device-folder", texts.device.folder, null, copied)} ${this.#howToList()}`,
        )}
      </div>
      ${problemNotice(problems.check, common.notChecked)} ${this.#result()}
    `;
  }

  #howToList() {
    return html`<details id="how-to-list" class="small">
      <summary>${texts.howToList.title}</summary>
      <p>${texts.howToList.about(DEVICE_FILES_NAME)}</p>
      <rp-code-lines .text=${DEVICE_FILES.trimEnd()} label=${texts.howToList.program}></rp-code-lines>
      <p class="row">
        <button @click=${this.#copy}>${common.copy}</button>
        <button @click=${() => download(DEVICE_FILES, DEVICE_FILES_NAME, "text/x-python")}>${common.download}</button>
        <span role="status">${this.copied}</span>
      </p>
    </details>`;
  }

  async #copy() {
    this.copied = (await copyText(DEVICE_FILES)) ? common.copied : common.useDownload;
  }

  protected override updated(): void {
    this.#rows.attach(this.renderRoot.querySelector(".rows"));
    const { checked } = this.model;
    if (checked === this.#shown) return;
    this.#shown = checked;
    this.renderRoot.querySelector("#check-result")?.scrollIntoView({ block: "nearest" });
  }

  #drop(
    id: string,
    { text, button }: { text: string; button: string },
    one: ((file: File) => void) | null,
    many: ((given: Choice) => void) | null,
  ) {
    const input = (event: Event) => {
      const element = event.target as HTMLInputElement;
      if (one !== null) {
        const file = element.files?.[0];
        if (file !== undefined) one(file);
      } else if (!isFolder(element)) {
        this.model.report("check", { code: "folder_not_chosen", message: texts.noFolder });
      } else {
        const given = ofInput(element);
        if (given !== null) many?.(given);
      }
    };
    const dropped = (event: DragEvent) => {
      event.preventDefault();
      event.stopPropagation();
      (event.currentTarget as HTMLElement).classList.remove("over");
      const transfer = event.dataTransfer;
      if (transfer === null) return;
      const file = fileOf(transfer);
      if (one !== null && file !== null && !isZip(file)) return one(file);
      const given = ofDrop(transfer);
      if (given !== null) many?.(given);
    };
    const over = (event: DragEvent) => {
      event.preventDefault();
      event.stopPropagation();
      (event.currentTarget as HTMLElement).classList.toggle("over", event.type === "dragover");
    };
    const pick = () => void choose(this.renderRoot.querySelector<HTMLInputElement>(`#${id}`)!, (given) => many?.(given));
    return html`<div class="drop row" data-drop=${id} @drop=${dropped} @dragover=${over} @dragleave=${over}>
      <span>${text}</span> <button title=${one === null ? folderHint() : ""} @click=${pick}>${button}</button>
      <input type="file" id=${id} hidden aria-label=${button} ?webkitdirectory=${one === null} @change=${input} />
    </div>`;
  }

  #check(given: Choice | null) {
    const { manifestFile } = this.model;
    if (manifestFile !== null) return void this.model.verifyContent(manifestFile, given);
    this.model.report("check", { code: "manifest_missing", message: texts.content.first });
  }

  #result() {
    const { checked } = this.model;
    if (checked === null) return nothing;
    const { answer, what, name } = checked;
    const right = answer.rows.filter((row) => row.kind === "right").length;
    const rows = this.onlyWrong ? answer.rows.filter((row) => row.kind !== "right") : answer.rows;
    const { start, end } = this.#rows.range(rows.length);
    const fine = answer.problems === 0;
    return html`<section class="panel" aria-label=${texts.result.title}>
      <div class="notice ${fine ? "good" : "bad"} result" role="status" id="check-result">
        <span>
          <strong>${fine ? texts.result.fine : texts.result.bad}</strong>
          ${texts.result.of(what, name)}:
          ${texts.result.counts(answer.checked, right)}${(["different", "missing", "unexpected", "url"] as const).map((kind) => {
            const number = answer.rows.filter((row) => row.kind === kind).length;
            return number === 0 ? "" : texts.result.also(number, kind);
          })}
        </span>
        ${fine
          ? nothing
          : html`<label class="choice">
              <input
                type="checkbox"
                .checked=${this.onlyWrong}
                @change=${(event: Event) => (this.onlyWrong = (event.target as HTMLInputElement).checked)}
              />
              ${texts.result.onlyProblems}
            </label>`}
      </div>
      <div class="rows scrolling" tabindex="0" role="region" aria-label=${texts.result.list}>
        <div role="list" .style=${`height:${rows.length * ROW}px`}>
          <div role="presentation" .style=${`transform:translateY(${start * ROW}px)`}>
            ${rows.slice(start, end).map((row, index) => this.#row(row, start + index, rows.length))}
          </div>
        </div>
      </div>
    </section>`;
  }

  #row({ kind, path, expected, found }: VerifyRow, index: number, total: number) {
    const { sign, class: look } = LOOKS[kind];
    return html`<div class="item" role="listitem" aria-setsize=${total} aria-posinset=${index + 1}>
      <span class=${look}><span class="mono" aria-hidden="true">${sign}</span> ${texts.words[kind]}</span>
      <span class="mono" title=${path}>${path}</span>
      <span class="sides small soft">
        ${kind === "right"
          ? side(found)
          : html`${expected === null ? nothing : html`${texts.result.expected} ${side(expected)}`}${expected !== null && found !== null ? "; " : ""}${found ===
            null
              ? nothing
              : html`${texts.result.found} ${side(found)}`}`}
      </span>
    </div>`;
  }
}

function card(id: string, { title, about }: { title: string; about: string }, content: TemplateResult) {
  return html`<section class="panel card" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    <p class="soft small">${about}</p>
    ${content}
  </section>`;
}

function side(content: Content | null) {
  if (content === null) return nothing;
  return html`${content.size === null ? "" : `${exactBytes(content.size)} `}<code title=${content.sha1}>${content.sha1.slice(0, 12)}…</code>`;
}

customElements.define("rp-verify-view", VerifyView);
