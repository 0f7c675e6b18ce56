import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

import { TOP } from "./places.js";

const directory = `${TOP}/target/bench`;
const file = `${directory}/preview.json`;

/** Keeps a row of `tests/bench/rows.py`, a figure a round, if it is `make bench` that runs. */
export function keep(key: string, ours: number[], peer: number[] = []): void {
  if (process.env.BENCH === undefined) return;
  // Each file of tests is a process of its own.
  const { rows } = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { rows: object }) : { rows: {} };
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ rows: { ...rows, [key]: { ours, peer, note: "" } } }, null, 2)}\n`);
}
