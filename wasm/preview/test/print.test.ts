// On paper: all rows of what is shown, and nothing to click.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { Firefox } from "./support/firefox.js";
import { serve, textOfPdf, type Server } from "./support/server.js";
import { scratch, writeTree } from "./support/tree.js";

const NAMES = Array.from({ length: 400 }, (_, index) => `module_${String(index).padStart(3, "0")}.py`);
const MANY = Array.from({ length: 80 }, (_, index) => `1.0.${101 + index}`);
const LONG = `${"a_name_".repeat(30)}that_ends_here.py`;
const CONTROLS = ["Folder…", "Zip…", "CopyasMarkdown", "DownloadCSV", "Reload", "Downgrade", "Manifest", "Acceptit", "Ifitismeantso"];

let browser: Browser;
let server: Server;
let many: Server;
const folder = scratch();

beforeAll(async () => {
  const release = Object.fromEntries([...NAMES, LONG].map((name) => [`1.0.1/flash/lib/${name}`, ""]));
  const files = { "1.0.0/flash/main.py": "print()\n", "1.0.1/flash/main.py": "\0", ...release };
  const releases = Object.fromEntries(MANY.map((version) => [`${version}/flash/main.py`, version]));
  [browser, server, many] = await Promise.all([launch(), serve(writeTree(scratch(), files)), serve(writeTree(scratch(), releases))]);
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), many?.stop()]);
});

async function printed(name: string, pdf: Buffer): Promise<string> {
  const path = join(folder, `${name}.pdf`);
  writeFileSync(path, pdf);
  return textOfPdf(path);
}

function expectAll(text: string): void {
  expect([...NAMES, LONG].filter((name) => !text.includes(name))).toEqual([]);
  for (const part of ["Adeviceon1.0.0", "Beforeitgoesout", "python_broken", "Thisserver", "Pathonthedevice"]) expect(text).toContain(part);
  expect(CONTROLS.filter((control) => text.includes(control))).toEqual([]);
}

test.each(["light", "dark"] as const)("in Chromium, %s", async (colorScheme) => {
  const visit = await Visit.open(browser, `${server.url}_preview/`, { colorScheme });
  await visit.page.locator(".item").first().waitFor();
  await visit.page.locator("#verdict").waitFor();
  const rows = await visit.page.locator(".item").count();
  expect(rows).toBeLessThan(60);
  expectAll(await printed(`chromium-${colorScheme}`, await visit.page.pdf()));
  await expect.poll(() => visit.page.locator(".item").count()).toBe(rows);
  await visit.end();
});

/** What is listed, of many releases. */
const expectReleases = (text: string) => expect(MANY.filter((version) => !text.includes(version))).toEqual([]);

test("the lists of releases in Chromium", async () => {
  const visit = await Visit.open(browser, `${many.url}_preview/#tab=releases`);
  await visit.page.locator("rp-releases-view table").waitFor();
  expectReleases(await printed("releases-chromium", await visit.page.pdf()));
  await visit.end();
});

test("the manifest in Chromium", async () => {
  const visit = await Visit.open(browser, `${server.url}_preview/#tab=manifest`);
  await visit.page.locator(".line").first().waitFor();
  const text = await printed("manifest", await visit.page.pdf());
  expect(NAMES.filter((name) => !text.includes(`"dst_path":"flash/lib/${name}"`))).toEqual([]);
  await visit.end();
});

describe("in Firefox", () => {
  let firefox: Firefox;

  beforeAll(async () => {
    firefox = await Firefox.launch();
    await firefox.open(`${server.url}_preview/`);
  });

  afterAll(() => firefox?.end(server.url, many.url));

  test("the plan", async () => {
    await firefox.text("#verdict");
    await firefox.text(".grid", "module_000.py");
    expectAll(await printed("firefox", await firefox.print()));
  });

  test("the lists of releases", async () => {
    await firefox.open(`${many.url}_preview/#tab=releases`);
    await firefox.text("rp-releases-view >> table", "1.0.180");
    expectReleases(await printed("releases-firefox", await firefox.print()));
  });
});
