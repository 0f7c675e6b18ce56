// Which lines of a difference are shown: those that changed, and a few around them.

import { DIFF_KINDS } from "./engine/protocol.js";

const CONTEXT = 3;
const SAME = DIFF_KINDS.indexOf("same");

/** Lines that are the same, from one up to another. */
export interface Gap {
  start: number;
  end: number;
}

export class Folds {
  readonly gaps: readonly Gap[];
  /** The first line of each change. */
  readonly changes: readonly number[];
  /** What stands in each row: a line, or, counted down from -1, a gap. */
  rows: Int32Array;
  #lines: number;
  #open = new Set<number>();

  /** `kinds` are those of a `Difference`. */
  constructor(kinds: Uint8Array) {
    const shown = new Uint8Array(kinds.length);
    const changes: number[] = [];
    kinds.forEach((kind, line) => {
      if (kind === SAME) return;
      shown.fill(1, Math.max(0, line - CONTEXT), line + CONTEXT + 1);
      if (line === 0 || kinds[line - 1] === SAME) changes.push(line);
    });
    const gaps: Gap[] = [];
    for (let line = 0; line < kinds.length; line += 1) {
      if (shown[line]) continue;
      const start = line;
      while (line < kinds.length && !shown[line]) line += 1;
      // One line takes no more room than a gap.
      if (line - start > 1) gaps.push({ start, end: line });
    }
    this.gaps = gaps;
    this.changes = changes;
    this.#lines = kinds.length;
    this.rows = this.#folded();
  }

  /** Shows the lines of a gap. */
  open(gap: number): void {
    this.#open.add(gap);
    this.rows = this.#folded();
  }

  #folded(): Int32Array {
    const rows = new Int32Array(this.#lines);
    let [count, line] = [0, 0];
    const put = (end: number) => {
      while (line < end) rows[count++] = line++;
    };
    this.gaps.forEach(({ start, end }, gap) => {
      if (this.#open.has(gap)) return;
      put(start);
      rows[count++] = -1 - gap;
      line = end;
    });
    put(this.#lines);
    return rows.slice(0, count);
  }
}
