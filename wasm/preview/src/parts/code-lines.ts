import { css, html, LitElement, type TemplateResult } from "lit";

import { text } from "../texts/files.js";
import { shared } from "./style.js";
import { VirtualRows } from "./virtual.js";

const ROW = 20;

/** Numbered lines; only visible ones are rendered. */
export abstract class NumberedLines extends LitElement {
  static override properties: Record<string, object> = { label: { type: String } };
  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
      .scroller {
        overflow: auto;
        max-height: var(--lines-height, 60vh);
        background: var(--sunken);
        border: 1px solid var(--line);
        border-radius: 6px;
        font: 12.5px/20px var(--mono);
        tab-size: 4;
      }
      .scroller:focus-visible {
        outline-offset: -2px;
      }
      .all {
        position: relative;
        min-width: max-content;
      }
      .line {
        display: flex;
        height: 20px;
        white-space: pre;
        padding-right: 12px;
      }
      .at {
        flex: none;
        width: calc(var(--digits) * 1ch + 14px);
        padding-right: 10px;
        text-align: right;
        color: var(--soft);
        user-select: none;
      }
      @media print {
        .all {
          min-width: 0;
        }
        .content {
          white-space: pre-wrap;
          overflow-wrap: anywhere;
        }
      }
    `,
  ];

  declare label: string;
  protected rows = new VirtualRows(this, ROW);

  constructor() {
    super();
    this.label = text;
  }

  /** How many rows there are. */
  protected abstract get count(): number;
  /** The highest number of a line. */
  protected abstract get highest(): number;
  protected abstract row(index: number): TemplateResult;

  protected override render() {
    const { count } = this;
    const { start, end } = this.rows.range(count);
    const shown = Array.from({ length: Math.max(0, end - start) }, (_, index) => this.row(start + index));
    return html`<div class="scroller scrolling" tabindex="0" role="region" aria-label=${this.label} .style=${`--digits:${String(this.highest).length}`}>
      <div class="all" .style=${`height:${count * ROW}px`}>
        <div .style=${`transform:translateY(${start * ROW}px)`}>${shown}</div>
      </div>
    </div>`;
  }

  protected override updated(): void {
    this.rows.attach(this.renderRoot.querySelector(".scroller"));
  }
}

/** The lines of a text. */
export class CodeLines extends NumberedLines {
  static override properties = { ...NumberedLines.properties, text: { attribute: false } };

  declare text: string;
  #texts: readonly string[] = [];

  constructor() {
    super();
    this.text = "";
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("text")) this.#texts = this.text.split("\n");
  }

  protected override get count() {
    return this.#texts.length;
  }

  protected override get highest() {
    return this.count;
  }

  protected override row(index: number) {
    return html`<div class="line"><span class="at" aria-hidden="true">${index + 1}</span><span class="content">${this.#texts[index]}</span></div>`;
  }
}

customElements.define("rp-code-lines", CodeLines);
