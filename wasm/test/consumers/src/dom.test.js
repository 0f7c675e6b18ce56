// In a DOM of vitest's environments, whose classes are the global ones.

import { writeFileSync } from "node:fs";

import * as airwaybill from "airwaybill";
import { test } from "vitest";

import { outcome } from "./outcome.js";

test("outcome", async () => {
  let started = 0;
  process.on("worker", () => (started += 1));
  writeFileSync("dist/outcome.json", JSON.stringify({ ...(await outcome(airwaybill)), started }));
});
