// The rows of the matrix, which come one after the other.

import type { Engine } from "./engine/client.js";
import type { Event, MatrixRow, Overview, Render } from "./engine/protocol.js";
import type { View } from "./fragment.js";
import { seconds } from "./links.js";

export class MatrixRows {
  /** Null for those that have not come yet. */
  rows: readonly (MatrixRow | null)[] = [];
  isDone = false;
  #for = "";

  /** Asks for them, unless these are the ones. */
  ask(engine: Engine, overview: Overview, view: View, render: Render): void {
    const request = { firmwareVersion: firmwareFor(view, overview), allowDowngrade: view.downgrade };
    const load = view.asTime ? render : null;
    const wanted = JSON.stringify([overview.generation, request, load]);
    if (wanted === this.#for) return;
    this.#for = wanted;
    this.rows = new Array<MatrixRow | null>(overview.releases.length + 1).fill(null);
    this.isDone = false;
    void engine.ask("matrix", wanted, request, load);
  }

  take({ key, rows, done }: Event & { event: "matrix" }): void {
    if (key !== this.#for) return;
    const all = [...this.rows];
    for (const row of rows) all[row.row] = row;
    this.rows = all;
    this.isDone = done;
  }
}

/** The firmware version that devices send: that of the highest image, where firmware is left out. */
export function firmwareFor({ firmware, withImages }: View, { firmware: images }: Overview): string | null {
  return withImages ? firmware : (images.at(-1)?.version ?? firmware);
}

/** What a cell says: bytes, or seconds on a link of these figures; NaN and -1 as in the row, undefined if it is not counted yet. */
export function valueOf(
  row: MatrixRow | null | undefined,
  target: number,
  { patched, figures }: { patched: boolean; figures: Parameters<typeof seconds>[0] | null },
): number | undefined {
  const size = ((patched ? row?.patched : null) ?? row?.bytes)?.[target];
  if (figures === null || size === undefined || !(size >= 0)) return size;
  const load = row?.load ?? null;
  return load === null ? undefined : seconds(figures, size + load.manifests[target]!, load.files[target]! + 1);
}

/** Which share of `ranks`, which are in order, is no larger. */
export function shareOf(value: number, ranks: Float64Array): number {
  let [low, high] = [0, ranks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranks[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return ranks.length === 0 ? 0 : low / ranks.length;
}
