import { css, html, LitElement, nothing } from "lit";

import type { DiffLine } from "../engine/protocol.js";
import { shared } from "./style.js";
import { VirtualRows } from "./virtual.js";

const ROW = 20;
const SIGNS = { same: " ", added: "+", removed: "−", gap: "⋯" } as const;
const WORDS = { same: "", added: "added", removed: "removed", gap: "" } as const;

/** Numbered lines of a text or a diff; only visible ones are rendered. */
export class CodeLines extends LitElement {
  static override properties = {
    text: { attribute: false },
    lines: { attribute: false },
    label: { type: String },
  };
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
      .sign {
        flex: none;
        width: 2ch;
        user-select: none;
      }
      .added {
        background: var(--new-soft);
      }
      .removed {
        background: var(--delete-soft);
      }
      .added .sign {
        color: var(--new);
      }
      .removed .sign {
        color: var(--delete);
      }
      .gap {
        color: var(--soft);
        font-style: italic;
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

  declare text: string | null;
  declare lines: readonly DiffLine[] | null;
  declare label: string;
  #rows = new VirtualRows(this, ROW);
  #texts: string[] = [];

  constructor() {
    super();
    this.text = null;
    this.lines = null;
    this.label = "Text";
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("text")) this.#texts = this.text === null ? [] : this.text.split("\n");
  }

  protected override render() {
    const count = this.lines?.length ?? this.#texts.length;
    const { start, end } = this.#rows.range(count);
    const shown = Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index);
    const digits = String(this.lines === null ? count : highest(this.lines)).length;
    return html`<div class="scroller scrolling" tabindex="0" role="region" aria-label=${this.label} .style=${`--digits:${digits}`}>
      <div class="all" .style=${`height:${count * ROW}px`}>
        <div .style=${`transform:translateY(${start * ROW}px)`}>
          ${shown.map((index) => (this.lines === null ? this.#text(index) : this.#difference(this.lines[index]!)))}
        </div>
      </div>
    </div>`;
  }

  protected override updated(): void {
    this.#rows.attach(this.renderRoot.querySelector(".scroller"));
  }

  #text(index: number) {
    return html`<div class="line"><span class="at" aria-hidden="true">${index + 1}</span><span class="content">${this.#texts[index]}</span></div>`;
  }

  #difference({ kind, text, before, after }: DiffLine) {
    return html`<div class="line ${kind}"><span class="at" aria-hidden="true">${before ?? ""}</span><span class="at" aria-hidden="true">${after ?? ""}</span><span class="sign" aria-hidden="true">${SIGNS[kind]}</span>${WORDS[kind] === "" ? nothing : html`<span class="visually-hidden">${WORDS[kind]}: </span>`}<span class="content">${text}</span></div>`;
  }
}

function highest(lines: readonly DiffLine[]): number {
  return lines.reduce((most, { before, after }) => Math.max(most, before ?? 0, after ?? 0), 0);
}

customElements.define("rp-code-lines", CodeLines);
