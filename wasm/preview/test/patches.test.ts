// What devices fetch with patches, beside what they fetch without.

import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { zipSync } from "fflate";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { airwaybill, serve, type Server } from "./support/server.js";
import { BROWSERS } from "./support/tabs.js";
import { filesBelow, scratch } from "./support/tree.js";

let browser: Browser;
let server: Server;
let without: Server;
let archive: string;
/** From 1.0.0 to 1.0.1. */
let [full, patched] = ["", ""];

beforeAll(async () => {
  const root = join(scratch(), "releases");
  cpSync(EXAMPLES, root, { recursive: true });
  const said = JSON.parse(await airwaybill("delta", root, "--json")) as { updates: { download_size: number; patched_size: number }[] };
  [full, patched] = [said.updates[0]!.download_size, said.updates[0]!.patched_size].map((size) => `${size.toLocaleString("en")} B`) as [string, string];
  expect(patched).not.toBe(full);
  archive = join(scratch(), "releases.zip");
  writeFileSync(archive, zipSync(filesBelow(root), { level: 1 }));
  [browser, server, without] = await Promise.all([launch(), serve(root), serve(EXAMPLES)]);
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), without?.stop()]);
});

const opened = {
  "a server": (tab: string) => Visit.open(browser, `${server.url}_preview/#from=1.0.0&tab=${tab}`),
  async "a zip"(tab: string) {
    const visit = await Visit.open(browser, `${without.url}_preview/#from=1.0.0&tab=${tab}`);
    await visit.pick("#open-zip", archive);
    await visit.page.getByText("Zip releases.zip").waitFor();
    return visit;
  },
};

describe.each(Object.entries(opened))("%s", (_, open) => {
  test("the plan says both sizes", async () => {
    const visit = await open("plan");
    await visit.page.locator("#patched", { hasText: patched }).waitFor();
    expect(await visit.text("#download")).toContain(full);
    expect(await visit.text("#source")).toContain("2 releases · 2 images · 12 files");
    await visit.shot("plan-patches");
    await visit.end();
  });

  test("the matrix shows one and says both", async () => {
    const visit = await open("matrix");
    const { page: tab } = visit;
    const cell = tab.getByRole("gridcell", { name: `1.0.0 to 1.0.1: 109 kB, ${full}, with patches ${patched}` });
    await cell.waitFor();
    await tab.getByRole("checkbox", { name: "With patches" }).check();
    await tab.getByRole("gridcell", { name: `1.0.0 to 1.0.1: 106 kB, ${full}, with patches ${patched}` }).waitFor();
    await tab.getByRole("gridcell", { name: "1.0.1 to 1.0.0: –, nothing to do" }).waitFor();
    await visit.shot("matrix-patches");
    await visit.end();
  });
});

describe.each(BROWSERS)("in $name", ({ start }) => {
  test("a click shows the matrix with patches and without, and a cell opens its plan", async () => {
    const tab = await start();
    await tab.open(`${server.url}_preview/#from=1.0.1&tab=matrix`);
    await tab.text("#cell-1-0", "109 kB");
    await tab.click("#with-patches");
    await tab.text("#cell-1-0", "106 kB");
    await tab.click("#cell-1-0");
    await tab.text("#patched", patched);
    expect(await tab.text("#download")).toContain(full);
    await tab.end(server.url);
  });
});

test("the manifest of format 3 is the server's", async () => {
  const visit = await Visit.open(browser, `${server.url}_preview/#from=1.0.0&tab=manifest`);
  const { page: tab } = visit;
  await tab.getByLabel("3, with patches").check();
  await tab.locator("#compare").click();
  await tab.getByText("The same, byte for byte.").waitFor();
  expect(tab.url()).toContain("format=3");
  expect(await (await fetch(`${server.url}manifest.json?current_ver=1.0.0&format=3`)).text()).toContain('"patch"');
  await visit.end();
});

test("without patches nothing is said of them", async () => {
  const visit = await Visit.open(browser, `${without.url}_preview/#from=1.0.0`);
  const { page: tab } = visit;
  await tab.locator("#download", { hasText: full }).waitFor();
  expect(await tab.locator("#patched").count()).toBe(0);
  await tab.getByRole("tab", { name: "Matrix" }).click();
  await tab.getByRole("gridcell", { name: `1.0.0 to 1.0.1: 109 kB, ${full}` }).waitFor();
  expect(await tab.getByRole("checkbox", { name: "With patches" }).count()).toBe(0);
  await visit.end();
});
