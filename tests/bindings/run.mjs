// Runs inputs of the vectors through the npm package.
//
// JSON lines in, of an area and an input; JSON lines out, of {"ok": value} or {"code": text}.

import { readFileSync } from "node:fs";
import * as airwaybill from "airwaybill";
import * as patches from "airwaybill/patches";
import * as reports from "airwaybill/report";

import { areasOf } from "./areas.mjs";

await patches.init(readFileSync(new URL(import.meta.resolve("airwaybill/patches.wasm"))));
await reports.init(readFileSync(new URL(import.meta.resolve("airwaybill/report.wasm"))));
const areas = areasOf(airwaybill, patches, reports);

// Not node:readline, to which U+2028 ends a line.
const lines = readFileSync(0, "utf8").split("\n").filter(Boolean);
const answers = lines.map((line) => {
  const { area, input } = JSON.parse(line);
  try {
    return { ok: areas[area](input) };
  } catch (error) {
    if (error.code === undefined) throw error;
    return { code: error.code };
  }
});
process.stdout.write(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(""));
