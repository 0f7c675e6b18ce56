import { css, html, nothing } from "lit";

import { DIFF_KINDS, type Difference } from "../engine/protocol.js";
import { Folds } from "../folds.js";
import { atChange, diffWords, firstOnly, gapText } from "../texts/files.js";
import { NumberedLines } from "./code-lines.js";

const SIGNS = { same: " ", added: "+", removed: "−" } as const;
const [SAME, REMOVED, ADDED] = (["same", "removed", "added"] as const).map((kind) => DIFF_KINDS.indexOf(kind));
/** Rows before and after a change that is shown. */
const AROUND = [3, 8] as const;

/** The lines of a difference, with what changed in them; what is the same is folded away until somebody opens it. */
export class DiffLines extends NumberedLines {
  static override properties = { ...NumberedLines.properties, difference: { attribute: false }, at: { state: true } };
  static override styles = [
    ...NumberedLines.styles,
    css`
      .sign {
        flex: none;
        width: 2ch;
        user-select: none;
      }
      .added {
        background: var(--new-soft);
        --colour: var(--new);
      }
      .removed {
        background: var(--delete-soft);
        --colour: var(--delete);
      }
      .added .sign,
      .removed .sign {
        color: var(--colour);
      }
      .first {
        box-shadow: inset 4px 0 var(--accent);
      }
      mark {
        color: inherit;
        background: color-mix(in oklab, var(--colour) 24%, transparent);
        box-shadow: inset 0 -2px var(--colour);
      }
      .gap {
        position: sticky;
        left: 0;
        display: block;
        width: 100%;
        height: 20px;
        min-height: 0;
        padding: 0 10px;
        border: 0;
        border-radius: 0;
        background: var(--panel);
        color: var(--soft);
        font: inherit;
        text-align: left;
      }
      /* It has the height of a line, and for fingers what is above and below it. */
      button.gap {
        min-height: 0 !important;
      }
      @media (max-width: 559px), (pointer: coarse) {
        .gap::after {
          content: "";
          position: absolute;
          inset: -12px 0;
        }
      }
      .gap:focus-visible {
        outline-offset: -2px;
      }
      @media (forced-colors: active) {
        .first {
          outline: 1px solid Highlight;
          outline-offset: -1px;
        }
      }
      @media print {
        .gap {
          display: block !important;
        }
      }
    `,
  ];

  declare difference: Difference;
  /** The change that was gone to; -1 before any. */
  declare at: number;
  #folds = new Folds(new Uint8Array());
  #texts: readonly string[] = [];
  /** Numbers of lines, before and after; those of the lines that are missing on a side are not shown. */
  #numbers: readonly [Uint32Array, Uint32Array] = [new Uint32Array(), new Uint32Array()];
  /** What changed in a line, by its place. */
  #marks = new Map<number, [start: number, end: number][]>();

  constructor() {
    super();
    this.at = -1;
  }

  /** Goes to the next change, or back, and round at the end. */
  step(by: 1 | -1): void {
    const { changes, rows } = this.#folds;
    if (changes.length === 0) return;
    this.at = this.at < 0 && by < 0 ? changes.length - 1 : (this.at + by + changes.length) % changes.length;
    const row = rows.indexOf(changes[this.at]!);
    this.rows.reveal(Math.min(rows.length - 1, row + AROUND[1]));
    this.rows.reveal(Math.max(0, row - AROUND[0]));
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("difference")) return;
    const { kinds, texts, words } = this.difference;
    this.#folds = new Folds(kinds);
    this.#texts = texts.split("\n");
    this.#numbers = [ADDED, REMOVED].map((missing) => {
      let number = 0;
      return Uint32Array.from(kinds, (kind) => (kind === missing ? number : ++number));
    }) as [Uint32Array, Uint32Array];
    this.#marks.clear();
    for (let word = 0; word < words.length; word += 3) {
      const [line, start, end] = [words[word]!, words[word + 1]!, words[word + 2]!];
      this.#marks.set(line, [...(this.#marks.get(line) ?? []), [start, end]]);
    }
    this.at = -1;
  }

  protected override get count() {
    return this.#folds.rows.length;
  }

  protected override get highest() {
    return Math.max(...this.#numbers.map((numbers) => numbers.at(-1) ?? 0));
  }

  protected override render() {
    const { changes } = this.#folds;
    return html`${super.render()}
      <p class="visually-hidden" role="status">${this.at < 0 ? nothing : atChange(this.at + 1, changes.length)}</p>
      ${this.difference.isCut ? html`<p class="small soft">${firstOnly}</p>` : nothing}`;
  }

  protected override row(index: number) {
    const line = this.#folds.rows[index]!;
    if (line < 0) return this.#gap(-1 - line);
    const kind = this.difference.kinds[line]!;
    const name = DIFF_KINDS[kind]!;
    const [before, after] = this.#numbers.map((numbers) => numbers[line]!);
    const first = this.at >= 0 && this.#folds.changes[this.at] === line ? "first" : "";
    return html`<div class="line ${name} ${first}"><span class="at" aria-hidden="true">${kind === ADDED ? "" : before}</span><span class="at" aria-hidden="true">${kind === REMOVED ? "" : after}</span><span class="sign" aria-hidden="true">${SIGNS[name]}</span>${kind === SAME ? nothing : html`<span class="visually-hidden">${diffWords[name]}: </span>`}<span class="content">${this.#content(line)}</span></div>`;
  }

  #gap(gap: number) {
    const { start, end } = this.#folds.gaps[gap]!;
    return html`<button class="gap" @click=${() => this.#open(gap)}><span aria-hidden="true">⋯ </span>${gapText(end - start)}</button>`;
  }

  #content(line: number) {
    const text = this.#texts[line]!;
    const marks = this.#marks.get(line) ?? [];
    const ends = [0, ...marks.map(([, end]) => end)];
    return html`${marks.map(([start, end], index) => html`${text.slice(ends[index], start)}<mark>${text.slice(start, end)}</mark>`)}${text.slice(ends.at(-1))}`;
  }

  /** The button is gone then: what it was in has the focus. */
  #open(gap: number) {
    this.#folds.open(gap);
    this.requestUpdate();
    this.renderRoot.querySelector<HTMLElement>(".scroller")?.focus();
  }
}

customElements.define("rp-diff-lines", DiffLines);
