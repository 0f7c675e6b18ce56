// The oldest browsers that the README names are those that the code needs, by MDN's compatibility data.

import { readFileSync, readdirSync } from "node:fs";

import { transform } from "esbuild";
import { expect, test } from "vitest";

import { installed, root } from "./places.js";

const compatibility = JSON.parse(readFileSync(`${root}node_modules/@mdn/browser-compat-data/data.json`, "utf8"));
const dist = `${installed}dist/`;
const sources = readdirSync(dist)
  .filter((name) => name.endsWith(".js") && !name.includes("node"))
  .map((name) => readFileSync(`${dist}${name}`, "utf8"));

const needs: [of: string, use: RegExp | undefined][] = [
  ["javascript.builtins.String.isWellFormed", /\.isWellFormed\(/],
  ["javascript.builtins.FinalizationRegistry", /new FinalizationRegistry/],
  ["javascript.operators.await.top_level", /const module ?= ?await/],
  ["api.AbortSignal.throwIfAborted", /\.throwIfAborted\(/],
  ["api.Blob.stream", /\.stream\(\)/],
  ["api.Worker.Worker.ecmascript_modules", /type: ?"module"/],
  ["webassembly.bulk-memory-operations", undefined],
  ["webassembly.multi-value", undefined],
  ["webassembly.non-trapping-float-to-int-conversions", undefined],
  ["webassembly.reference-types", undefined],
  ["webassembly.sign-extension-operations", undefined],
];

const [, chrome, firefox, safari] = /Chromium ([\d.]+), Firefox ([\d.]+) and Safari ([\d.]+)/.exec(readFileSync(`${root}README.md`, "utf8"))!;
const floor = { chrome: chrome!, firefox: firefox!, safari: safari! };

/** The first version that has it at all. */
function since(of: string, browser: keyof typeof floor): number {
  const at = of.split(".").reduce((part: any, name) => part[name], compatibility);
  const versions = [at.__compat.support[browser]].flat().map(({ version_added }: { version_added: string }) => Number(version_added));
  return Math.min(...versions);
}

test.each(["chrome", "firefox", "safari"] as const)("%s", (browser) => {
  const versions = needs.map(([of]) => since(of, browser));
  expect(versions.every(Number.isFinite)).toBe(true);
  expect(String(Math.max(...versions))).toBe(floor[browser]);
});

test("what is needed is in use", () => {
  for (const [of, use] of needs) if (use !== undefined) expect(sources.some((source) => use.test(source)), of).toBe(true);
});

test("the syntax is theirs", async () => {
  const target = Object.entries(floor).map(([browser, version]) => `${browser}${version}`);
  for (const source of sources) {
    const [plain, theirs] = await Promise.all(["esnext", target].map((target) => transform(source, { target })));
    expect(theirs!.code).toBe(plain!.code);
  }
});
