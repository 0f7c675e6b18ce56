// Bundlers and runtimes that take long to install, by the commands of the README: `make consumers`.

import { cpSync, writeFileSync } from "node:fs";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { POLICY, launch, open } from "../chromium.js";
import { COPY, documented, known, project, run } from "../consumer.js";
import { consumers, root } from "../places.js";

const RSPACK = "rspack build --entry ./src/main.js --mode production";
/** Parcel writes an import map into the page. */
const INLINE = POLICY.replace("script-src", "script-src 'unsafe-inline'");

describe("in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launch()));
  afterAll(() => browser?.close());

  test.each([
    ["rspack", "page", [RSPACK], POLICY],
    ["Parcel", "page", ["parcel build index.html"], INLINE],
    ["bun build", "page-manual", [documented("bun build"), COPY], POLICY],
  ])("%s", async (name, entry, commands, policy) => {
    const folder = project(consumers, `page ${name}`, entry);
    run(commands, folder);
    expect(await open(browser, `${folder}dist`, policy)).toEqual({ outcome: known, complaints: [], workers: 2 });
  });

  test("Parcel with airwaybill/manual", async () => {
    const folder = project(consumers, "page Parcel manual", "page-beside");
    writeFileSync(`${folder}package.json`, `{ ${documented(`"@parcel/resolver-default"`)} }`);
    run(["parcel build index.html", COPY], folder);
    expect(await open(browser, `${folder}dist`, INLINE)).toEqual({ outcome: known, complaints: [], workers: 2 });
  });
});

test.each([
  ["Node", "node", ["node src/main.js"], 2],
  ["rspack for Node", "node", [`${RSPACK} --config rspack.config.js`, "node dist/main.cjs"], 2],
  ["Deno", "node", ["deno run --allow-read --allow-sys src/main.js"], 2],
  ["Bun", "node", ["bun src/main.js"], 2],
  ["jsdom", "node", ["vitest run --environment jsdom", "cat dist/outcome.json"], 0],
  ["happy-dom", "node", ["vitest run --environment happy-dom", "cat dist/outcome.json"], 0],
  ["jsdom 26", "jsdom-26", ["node src/main.js"], 0],
  ["workerd", "workerd", ["wrangler deploy --dry-run --outdir dist", "node src/miniflare.js"], undefined],
  ["import source in Node", "source", ["node src/main.js"], undefined],
  ["import source in Deno", "source", ["deno run --allow-read src/main.js"], undefined],
])("%s", (name, entry, commands, started) => {
  const folder = project(consumers, name, entry);
  writeFileSync(`${folder}rspack.config.js`, `export default { target: "node", output: { filename: "main.cjs" } };\n`);
  writeFileSync(`${folder}wrangler.toml`, `name = "fleet"\nmain = "src/main.js"\ncompatibility_date = "2026-01-01"\n`);
  expect(JSON.parse(run(commands, folder))).toEqual({ ...known, started });
});

test.each([
  ["es2022,dom,dom.iterable", "src/page.ts"],
  ["es2022", "plain/main.ts"],
])("TypeScript 5.2 with the library %s", (lib, file) => {
  const folder = project(consumers, `types ${file}`, "page");
  cpSync(`${root}test/project/${file}`, `${folder}main.ts`);
  const options = `--noEmit --strict --exactOptionalPropertyTypes --target es2022 --module nodenext --typeRoots none --lib ${lib}`;
  run([`node node_modules/typescript-5.2/bin/tsc ${options} main.ts`], folder);
});
