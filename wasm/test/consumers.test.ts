// Bundlers and runtimes that take the package, by the commands of the README. Those that take long to install are in
// consumers/.

import { readFileSync, writeFileSync } from "node:fs";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launch, open } from "./chromium.js";
import { COPY, documented, known, project as made, run } from "./consumer.js";
import { project } from "./places.js";

const ESBUILD = documented("esbuild src/main.js src/airwaybill-worker.js");
const ESBUILD_NODE = documented("esbuild src/main.js --bundle --platform=node");

const WHOLE = ESBUILD_NODE.replace(" --external:airwaybill", "");

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser?.close());

test.each([
  ["webpack", ["webpack ./src/main.js --mode production"]],
  ["Vite", ["vite build"]],
  ["no bundler", ["cp -r node_modules/airwaybill/dist dist/airwaybill", `cp src/* dist; sed -i 's|"airwaybill"|"./airwaybill/index.js"|' dist/main.js`]],
])("a page as it is, with %s", async (name, commands) => {
  const folder = made(project, `page ${name}`, "page");
  run(commands, folder);
  expect(await open(browser, `${folder}dist`)).toEqual({ outcome: known, complaints: [], workers: 2 });
});

test.each([
  ["webpack", ["webpack ./src/main.js --mode production"]],
  ["Vite", ["vite build"]],
  ["no bundler", ["cp -r node_modules/airwaybill/dist dist/airwaybill", `sed 's|"airwaybill/patches"|"./airwaybill/patches.js"|' src/main.js > dist/main.js`]],
  ["esbuild", ["sed -i 's|init()|init(\"patches.wasm\")|' src/main.js", ESBUILD, "cp node_modules/airwaybill/dist/delta_bg.wasm dist/patches.wasm"]],
])("a page with patches, with %s", async (name, commands) => {
  const folder = made(project, `page patches ${name}`, "page-patches");
  run(commands, folder);
  expect(await open(browser, `${folder}dist`)).toEqual({ outcome: "led.off()\n".repeat(99), complaints: [], workers: 0 });
});

test.each([
  ["webpack", ["webpack ./src/main.js --mode production"]],
  ["Vite", ["vite build"]],
  ["no bundler", ["cp -r node_modules/airwaybill/dist dist/airwaybill", `sed 's|"airwaybill/report"|"./airwaybill/report.js"|' src/main.js > dist/main.js`]],
  ["esbuild", ["sed -i 's|init()|init(\"report.wasm\")|' src/main.js", ESBUILD, "cp node_modules/airwaybill/dist/reporting_bg.wasm dist/report.wasm"]],
])("a page with a report, with %s", async (name, commands) => {
  const folder = made(project, `page report ${name}`, "page-report");
  run(commands, folder);
  expect(await open(browser, `${folder}dist`)).toEqual({ outcome: "# A device without a version has nothing to do\n", complaints: [], workers: 0 });
});

test("a worker of one's own, with Vite", async () => {
  const folder = made(project, "worker Vite", "page-worker");
  writeFileSync(`${folder}vite.config.js`, `export default { worker: { format: "es" } };\n`);
  run(["vite build"], folder);
  expect(await open(browser, `${folder}dist`)).toEqual({ outcome: known, complaints: [], workers: 1 });
});

test.each([
  ["esbuild", ESBUILD],
  ["rollup", documented("rollup src/main.js")],
  ["rolldown", documented("rolldown src/main.js")],
])("a page with both URLs, with %s", async (name, command) => {
  const folder = made(project, `page ${name}`, "page-manual");
  expect(readFileSync(`${folder}src/main.js`, "utf8")).toContain(documented("await init(").replace("init", "airwaybill.init"));
  run([command, COPY], folder);
  expect(await open(browser, `${folder}dist`)).toEqual({ outcome: known, complaints: [], workers: 2 });
});

test.each([
  ["nothing", ["node src/main.js"]],
  ["webpack", ["webpack ./src/main.js --mode production --target node --output-filename main.cjs", "node dist/main.cjs"]],
  ["esbuild", [ESBUILD_NODE, "node dist/main.js"]],
])("a program for Node, with %s", (name, commands) => {
  const folder = made(project, `node ${name}`, "node");
  expect(JSON.parse(run(commands, folder))).toEqual({ ...known, started: 2 });
});

test("a program for Node with the package in its one file, with esbuild", () => {
  const folder = made(project, "node whole", "node-manual");
  expect(JSON.parse(run([WHOLE, COPY, "node dist/main.js"], folder))).toEqual(known);
});

describe("what a bundle lacks is said with a code and with what to do", () => {
  test("in a page", async () => {
    const folder = made(project, "page failures", "failures");
    run([ESBUILD, COPY], folder);
    const { outcome } = await open(browser, `${folder}dist`);
    expect(outcome).toEqual({
      entry: { code: "module_unavailable", message: expect.stringMatching(/engine_bg\.wasm responded with 404; .*airwaybill\/manual/) },
      early: { code: "init_missing", message: expect.stringContaining("init(…)") },
      earlyHash: { code: "init_missing", message: expect.stringContaining("init(…)") },
      nowhere: { code: "module_unavailable", message: expect.stringMatching(/nowhere\.wasm responded with 404; .*airwaybill\/engine.wasm/) },
      worker: { code: "worker_unavailable", message: expect.stringMatching(/airwaybill\/worker.*init\(…, { worker }\).*concurrency: 0/) },
      inPlace: [{ path: "1.0.0/main.py", size: 7, sha1: "040f06fd774092478d450774f5ba30c5da78acc8" }],
    });
  });

  test("in Node", () => {
    const folder = made(project, "node failures", "failures");
    expect(JSON.parse(run([WHOLE, "node dist/main.js"], folder))).toEqual({
      entry: { code: "module_unavailable", message: expect.stringMatching(/ENOENT.*engine_bg\.wasm.*airwaybill\/manual/) },
      early: { code: "init_missing", message: expect.stringContaining("init(…)") },
      earlyHash: { code: "init_missing", message: expect.stringContaining("init(…)") },
    });
  });
});
