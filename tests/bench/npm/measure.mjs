// What the benchmarks of the package share: medians, runs in turn, and where their figures go.

import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROUNDS = Number(process.env.ROUNDS ?? 7);
export const root = fileURLToPath(new URL("../../..", import.meta.url));

export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/**
 * Each run once a round, every other round backwards: what disturbs one disturbs its neighbour. A first round, in which
 * the code is compiled, does not count.
 */
export async function inTurn(runs, rounds = ROUNDS) {
  const found = Object.fromEntries(Object.keys(runs).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    const order = Object.entries(runs);
    for (const [name, run] of round % 2 === 0 ? order : order.reverse()) {
      const figure = await run();
      if (round > 0) found[name].push(figure);
    }
    console.error(`round ${round} of ${rounds}`);
  }
  return Object.values(found);
}

/** Rows by their key in `tests/bench/rows.py`, each with a figure a round: `{ ours, peer }`. */
export function write(part, rows) {
  const documents = Object.entries(rows).map(([key, { ours, peer = [] }]) => [key, { ours, peer, note: "" }]);
  const directory = `${root}target/bench/`;
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}${part}.json`, `${JSON.stringify({ rows: Object.fromEntries(documents) }, null, 2)}\n`);
}
