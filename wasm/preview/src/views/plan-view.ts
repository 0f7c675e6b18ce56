import { css, html, nothing, type TemplateResult } from "lit";

import type { DetailAnswer, PlanAnswer } from "../engine/protocol.js";
import { shownPath } from "../file-list.js";
import { count, duration, exactBytes } from "../format.js";
import { linkOf, seconds } from "../links.js";
import { markOf } from "../parts/candidate.js";
import { ModelElement } from "../parts/element.js";
import { problemNotice } from "../parts/problem.js";
import { signedLine } from "../parts/signed.js";
import { shared } from "../parts/style.js";
import { whatIs } from "../parts/term.js";
import { whyNothing } from "../texts/nothing.js";
import * as texts from "../texts/plan.js";
import type { FileDetail } from "./file-detail.js";
import "./file-detail.js";
import "./findings-view.js";
import type { FilesTable } from "./files-table.js";
import "./files-table.js";
import "./report-bar.js";
import "./share-bar.js";

/** What one device would delete, add, update and flash. */
export class PlanView extends ModelElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: 14px;
        grid-template-columns: minmax(0, 1fr);
      }
      .summary h2 {
        font-size: 1.1rem;
        overflow-wrap: anywhere;
      }
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: 10px 34px;
        margin: 12px 0 0;
      }
      dt {
        color: var(--soft);
        font-size: 0.82rem;
        font-weight: 600;
      }
      dd {
        margin: 0;
        font-size: 1.3rem;
        font-weight: 650;
        font-variant-numeric: tabular-nums;
        line-height: 1.25;
        white-space: nowrap;
      }
      dd small {
        display: block;
        font-size: 0.82rem;
        font-weight: 400;
        color: var(--soft);
      }
      dl div {
        min-width: 68px;
      }
      @media (max-width: 559px) {
        dl {
          gap: 10px 20px;
        }
      }
      #why {
        margin: 6px 0 0;
        padding-left: 1.2em;
      }
      rp-share-bar {
        display: block;
        margin-top: 14px;
      }
      .split {
        display: grid;
        gap: 14px;
        grid-template-columns: minmax(0, 1fr);
      }
      /* Beside the list there is no room: above the lower edge of the window, it is where one looks. */
      @media screen and (max-width: 1439px) {
        .split.open {
          padding-bottom: 55vh;
        }
        rp-file-detail {
          position: fixed;
          inset: auto 0 0;
          z-index: 3;
          max-height: 55vh;
          overflow: auto;
          border-top: 2px solid var(--accent);
          background: var(--panel);
        }
      }
      @media print {
        :host,
        .split {
          display: block;
        }
      }
      @media screen and (min-width: 1440px) {
        .split.open {
          grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
          align-items: start;
        }
      }
    `,
  ];

  #shown: DetailAnswer | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", this.#key);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.#key);
  }

  protected override updated(): void {
    const { file } = this.model;
    if (file === this.#shown) return;
    this.#shown = file;
    const [detail, table] = [this.renderRoot.querySelector<FileDetail>("rp-file-detail"), this.renderRoot.querySelector<FilesTable>("rp-files-table")];
    if (file !== null && detail !== null) void table?.keepAbove(detail);
  }

  protected override render() {
    const { awaited, problems, plan, view } = this.model;
    const busy = awaited.has("plan") ? "true" : "false";
    return html`
      ${problemNotice(problems.plan, texts.noPlan)}
      <rp-findings-view .model=${this.model} @show-files=${this.#showFiles}></rp-findings-view>
      ${plan === null ? nothing : html`<section class="panel summary" aria-label=${texts.summary} aria-busy=${busy}>${this.#summary(plan)}</section>`}
      ${plan === null
        ? nothing
        : html`<div class="split ${view.file === null ? "" : "open"}">
            <section class="panel" aria-label=${texts.files} aria-busy=${busy}>
              <rp-files-table .model=${this.model}></rp-files-table>
            </section>
            <rp-file-detail .model=${this.model} ?hidden=${view.file === null} @close=${this.#close}></rp-file-detail>
          </div>`}
      <p class="visually-hidden" role="status" id="file-opened">${this.#opened()}</p>
    `;
  }

  #key = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.defaultPrevented && this.model.view.file !== null) this.#close();
  };

  #close() {
    const isInside = this.renderRoot.querySelector("rp-file-detail")?.matches(":focus-within");
    this.model.set({ file: null });
    if (isInside) this.#showFiles();
  }

  /** For those who do not see it. */
  #opened(): string {
    const { file, view } = this.model;
    if (file === null || file.path !== view.file) return "";
    return texts.opened(shownPath(file.path), file.kind === "file" ? file.difference : null);
  }

  #showFiles() {
    void this.renderRoot.querySelector<FilesTable>("rp-files-table")?.show();
  }

  #summary(plan: PlanAnswer) {
    const { view, manifest, figures, problems } = this.model;
    const { counts, firmware, download, patched, known, request } = plan;
    const device = texts.device(request.current);
    const overview = this.model.overview!;
    const { releases, below, signed } = overview;
    if (releases.length === 0 && !plan.some) {
      return html`<div role="status"><h2 id="headline">${texts.none}</h2></div>
        <p class="soft">${texts.howToName(below)}</p>`;
    }
    if (!plan.some) {
      return html`<div role="status"><h2 id="headline">${texts.nothingToDo(device)}</h2></div>
        ${whyNothing(plan)}
        <rp-report-bar class="screen" .model=${this.model}></rp-report-bar>`;
    }
    const fetches = counts.new + counts.update + (firmware === null ? 0 : 1);
    const unknown = problems.manifest === undefined ? "…" : "—";
    const time = (size: number) => (manifest === null ? unknown : duration(seconds(figures, size + manifest.bytes, fetches + 1)));
    return html`<div role="status">
        <h2 id="headline">
          ${texts.headline(device, download, html`<span class="mono">${plan.version}</span>${markOf(overview, plan.version)}`)}
        </h2>
      </div>
      ${signedLine(plan, signed)}
      ${known ? nothing : html`<p class="soft">${texts.allNew}</p>`}
      <dl>
        ${figure("download", "", exactBytes(download), html`${texts.inFiles(fetches, manifest === null ? unknown : exactBytes(manifest.bytes))}${whatIs("manifest")}`)}
        ${figure("time", "", time(download), linkOf(view.link).name)}
        ${patched < download ? figure("patched", "", exactBytes(patched), html`${time(patched)}${whatIs("patches")}`) : nothing}
        ${figure("deleted", counts.delete > 0 ? "delete" : "soft", count(counts.delete))}
        ${figure("new", counts.new > 0 ? "new" : "soft", count(counts.new))}
        ${figure("updated", counts.update > 0 ? "update" : "soft", count(counts.update))}
        ${figure("unchanged", "same", count(counts.same), counts.protected > 0 ? html`${texts.kept(counts.protected)}${whatIs("protected")}` : "")}
        ${firmware === null
          ? figure("flashed", "soft", texts.noFirmware)
          : figure("flashed", "flash", html`${firmware.version}${markOf(overview, firmware.path)}`, exactBytes(firmware.size))}
      </dl>
      <rp-share-bar .model=${this.model}></rp-share-bar>
      <rp-report-bar class="screen" .model=${this.model}></rp-report-bar>`;
  }
}

function figure(id: keyof typeof texts.figures, look: string, value: string | TemplateResult, about: string | TemplateResult = "") {
  return html`<div>
    <dt>${texts.figures[id]}</dt>
    <dd id=${id} class=${look}>${value} ${about === "" ? nothing : html`<small>${about}</small>`}</dd>
  </div>`;
}

customElements.define("rp-plan-view", PlanView);
