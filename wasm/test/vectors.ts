// The shared vectors, read from disk, and how they run through the package.

import { readFileSync, readdirSync } from "node:fs";

import { areasOf } from "../../tests/bindings/areas.mjs";
import * as airwaybill from "./airwaybill.js";
import { patches, patchesModule, reportModule, reports } from "./airwaybill.js";
import { vectors } from "./places.js";

export interface Case {
  name: string;
  input: any;
  ok?: unknown;
  code?: string;
}

// What is published is for servers: the module is built without it.
export const areas = readdirSync(vectors, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "objects")
  .map((entry) => entry.name);

export const cases = (area: string): Case[] =>
  readdirSync(`${vectors}${area}`).flatMap((file) => JSON.parse(readFileSync(`${vectors}${area}/${file}`, "utf8")) as Case[]);

await Promise.all([patches.init(patchesModule), reports.init(reportModule)]);
export const run = areasOf(airwaybill, patches, reports);
