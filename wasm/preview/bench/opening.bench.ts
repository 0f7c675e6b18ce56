// How fast the page opens much, beside the page as it was before it looked at what it is given.

import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { zipSync, type Zippable } from "fflate";
import type { Browser } from "playwright-core";
import { expect, test } from "vitest";

import { launch, Visit } from "../test/support/browser.js";
import { chosen } from "../test/support/chosen.js";
import { keep } from "../test/support/figures.js";
import { serve, started } from "../test/support/server.js";
import { dice, scratch } from "../test/support/tree.js";
import { builtBefore } from "./before.js";

const FILES = 9000; // of each of two releases
const ROUNDS = 5;

/** Two releases as a zip of 50 MB, of files like programs: the larger, the fewer. A fifth of them differs. */
function releases(): Record<string, Uint8Array> {
  const roll = dice(17);
  const words = Array.from({ length: 3000 }, () => Math.floor(roll() * 36 ** 5).toString(36));
  const text = Buffer.from(Array.from({ length: 500_000 }, () => words[Math.floor(roll() ** 2 * words.length)]).join(" "));
  const files: Record<string, Uint8Array> = {};
  for (let index = 0; index < FILES; index += 1) {
    const size = Math.floor(320 * 64 ** roll());
    for (const version of ["1.0.0", "1.0.1"]) {
      const start = Math.floor(roll() * (text.length - size));
      const old = files[`1.0.0/flash/part_${Math.floor(index / 100)}/file_${index}.py`];
      const content = old !== undefined && index % 5 > 0 ? old : text.subarray(start, start + size);
      files[`${version}/flash/part_${Math.floor(index / 100)}/file_${index}.py`] = content;
    }
  }
  return files;
}

/** Seconds of a processor that the browser's pages and their workers have taken so far. */
async function processorTime(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.filter(({ type }) => type === "renderer").reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** Runs in a page before its own scripts: when a frame first showed the headline. */
function watchHeadline(): void {
  const look = () => {
    const view = document.querySelector("release-preview")?.shadowRoot?.querySelector("rp-plan-view");
    if (view?.shadowRoot?.querySelector("#headline")) Object.assign(globalThis, { headline: performance.now() });
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

test("opening much, side by side", async () => {
  const folder = scratch(tmpdir());
  const files = releases();
  const archive = join(folder, "releases.zip");
  writeFileSync(archive, zipSync(files as Zippable));
  console.log(`the zip has ${statSync(archive).size.toLocaleString("en")} bytes`);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, "releases", path)), { recursive: true });
    writeFileSync(join(folder, "releases", path), content);
  }
  const root = join(folder, "releases");
  const earlier = ["import sys", "from airwaybill.server import preview", "preview.BUILT = sys.argv.pop(1)", "from airwaybill.cli import main", "main()"];
  const [today, before] = await Promise.all([
    serve(root),
    started(["-c", earlier.join("; "), builtBefore(), "serve", root, "--host", "127.0.0.1", "--port", "0", "--settle", "0", "--no-delta"]),
  ]);

  async function headline(url: string): Promise<number> {
    const browser = await launch();
    const page = await browser.newPage();
    await page.addInitScript(watchHeadline);
    await page.goto(`${url}_preview/`);
    const handle = await page.waitForFunction(() => (globalThis as unknown as { headline?: number }).headline);
    const took = (await handle.jsonValue())!;
    await browser.close();
    return took;
  }

  async function zip(url: string): Promise<number> {
    const browser = await launch();
    const visit = await Visit.open(browser, `${url}_preview/`);
    await visit.page.locator("#verdict").waitFor();
    await visit.settled();
    const began = await processorTime(browser);
    await visit.pick("#open-zip", archive);
    await visit.page.locator("#source", { hasText: "Zip" }).waitFor({ timeout: 200_000 });
    const took = (await processorTime(browser)) - began;
    expect(await visit.text("#source")).toContain("18,000 files");
    await browser.close();
    return took;
  }

  const times = { headline: { today: [] as number[], before: [] as number[] }, zip: { today: [] as number[], before: [] as number[] } };
  for (const [name, measure] of [["headline", headline], ["zip", zip]] as const) {
    for (let round = 0; round < ROUNDS; round += 1) {
      // What comes second finds a warmer machine.
      const order = round % 2 === 0 ? (["today", "before"] as const) : (["before", "today"] as const);
      for (const which of order) times[name][which].push(await measure({ today, before }[which].url));
    }
    keep(name, times[name].today, times[name].before);
    console.log(`${name}: ${times[name].today.map((time) => time.toFixed(2)).join(" ")}; before: ${times[name].before.map((time) => time.toFixed(2)).join(" ")}`);
  }

  const browser = await launch();
  const visit = await Visit.open(browser, `${today.url}_preview/`);
  await visit.page.getByText("A device on 1.0.0 downloads").waitFor();
  const devices: [version: string, parts: string[]][] = [
    ["", ["A device without a version downloads", "in 9,000 files"]],
    ["1.0.0", ["A device on 1.0.0 downloads", "in 1,800 files"]],
    ["1.0.1", ["A device on 1.0.1 has nothing to do"]],
  ];
  const slowest: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const took: number[] = [];
    for (const [version, parts] of devices) took.push(await chosen(visit.page, version, parts));
    slowest.push(Math.max(...took));
  }
  keep("another", slowest);
  const longest = await visit.blocked(200, async () => {
    for (const [version, parts] of devices) await chosen(visit.page, version, parts);
    await visit.pick("#open-zip", archive);
    await visit.page.locator("#source", { hasText: "Zip" }).waitFor({ timeout: 200_000 });
    await visit.page.locator("#open-server").click();
    await visit.page.locator("#source", { hasText: "This server" }).waitFor();
    await visit.page.locator("#headline").waitFor();
  });
  keep("opening", [longest]);
  console.log(`another version: ${slowest.map((time) => time.toFixed(0)).join(" ")} ms; longest task: ${longest.toFixed(0)} ms`);
  await browser.close();
  await Promise.all([today, before].map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
}, 1_200_000);
