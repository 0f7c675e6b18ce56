import { css, html } from "lit";

import type { PlanAnswer, ReportFormat } from "../engine/protocol.js";
import { copyText, download } from "../parts/carry.js";
import { ModelElement } from "../parts/element.js";
import { problemNotice } from "../parts/problem.js";
import { shared } from "../parts/style.js";
import * as common from "../texts/common.js";
import { report as texts } from "../texts/plan.js";

const TYPES: Record<ReportFormat, { ending: string; type: string }> = {
  markdown: { ending: "md", type: "text/markdown" },
  csv: { ending: "csv", type: "text/csv" },
  html: { ending: "html", type: "text/html" },
};

/** Hands the plan over: a report to paste, for a spreadsheet, or as a page. */
export class ReportBar extends ModelElement {
  static override properties = { ...ModelElement.properties, said: { state: true } };
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: 8px;
        margin-top: 14px;
      }
      .label {
        margin: 0;
      }
    `,
  ];

  declare said: string;
  #of: PlanAnswer | null = null;

  constructor() {
    super();
    this.said = "";
  }

  protected override willUpdate(): void {
    super.willUpdate();
    const { plan } = this.model;
    // The note belongs to the previous plan.
    if (plan !== this.#of) this.said = "";
    this.#of = plan;
  }

  protected override render() {
    const { awaited, problems } = this.model;
    return html`<div class="row" role="group" aria-labelledby="report">
        <span class="label" id="report">${texts.title}</span>
        <button id="report-markdown" @click=${() => this.#make("markdown")}>${texts.markdown}</button>
        <button id="report-csv" @click=${() => this.#make("csv")}>${texts.csv}</button>
        <button id="report-html" @click=${() => this.#make("html")}>${texts.html}</button>
        <span class="small soft" role="status" id="report-said">${awaited.has("report") ? texts.making : this.said}</span>
      </div>
      ${problemNotice(problems.report, texts.none)}`;
  }

  async #make(format: ReportFormat) {
    this.said = "";
    const making = this.model.makeReport(format);
    const isCopied = format === "markdown" && (await copyText(making));
    const text = await making;
    if (isCopied || text === null) {
      this.said = isCopied ? common.copied : "";
      return;
    }
    const { ending, type } = TYPES[format];
    const name = `${["report", this.model.plan?.request.current, this.model.plan?.version].filter((part) => part != null).join("-")}.${ending}`;
    download(text, name, type);
    this.said = format === "markdown" ? texts.instead(name) : common.downloadedAs(name);
  }
}

customElements.define("rp-report-bar", ReportBar);
