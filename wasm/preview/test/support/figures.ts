import { mkdirSync, writeFileSync } from "node:fs";

import { TOP } from "./places.js";

/** Whether `make bench` runs the tests, and wants their figures. */
export const BENCH = process.env.BENCH !== undefined;

const rows: Record<string, { ours: number[]; peer: number[]; note: string }> = {};

/** Keeps a row of `python/bench/rows.py` for `make bench`: a figure a round. */
export function keep(key: string, ours: number[], peer: number[] = []): void {
  if (!BENCH) return;
  rows[key] = { ours, peer, note: "" };
  mkdirSync(`${TOP}/target/bench`, { recursive: true });
  writeFileSync(`${TOP}/target/bench/preview.json`, `${JSON.stringify({ rows }, null, 2)}\n`);
}
