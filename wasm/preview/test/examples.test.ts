// Every view on the example releases, by clicking and reading as a person would.

import { createHash } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { scratch } from "./support/tree.js";

let browser: Browser;
let server: Server;
let page: string;

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), serve(EXAMPLES)]);
  page = `${server.url}_preview/`;
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const manifest = async (query: string) => (await fetch(`${server.url}manifest.json${query}`)).text();

test("a browser at the server's root arrives at the page", async () => {
  const visit = await Visit.open(browser, server.url);
  expect(visit.page.url()).toContain("/_preview/");
  expect(await visit.text("#source")).toContain("This server 127.0.0.1");
  expect(await visit.text("#source")).toContain("2 releases · 2 images · 12 files");
  await visit.end();
});

test("the plan for a device on 1.0.0", async () => {
  const visit = await Visit.open(browser, page);
  await visit.page.locator("#headline").waitFor();
  expect(await visit.text("#headline")).toBe("A device on 1.0.0 downloads 109 kB to get to 1.0.1");
  expect(await visit.text("#download")).toMatch(/^109,485 B in 4 files; manifest \d+ B$/);
  const numbers = await Promise.all(["deleted", "new", "updated", "unchanged"].map((id) => visit.text(`#${id}`)));
  expect(numbers).toEqual(["1", "1", "2", "2"]);
  expect(await visit.text("#flashed")).toBe("1.0.1 104,448 B");
  expect(await visit.page.locator(".item .path").allTextContents()).toEqual([
    "firmware_1.0.1.bin",
    "flash/lib/new_lib.py",
    "flash/main.py",
    "sd/asset_that_will_be_removed.wav",
    "sd/some_asset.txt",
  ]);
  expect(await visit.page.locator("rp-share-bar li").first().innerText()).toContain("firmware_1.0.1.bin");
  await visit.shot("plan");
  await visit.end();
});

test("another device, target, firmware and link", async () => {
  const visit = await Visit.open(browser, page);
  const { page: tab } = visit;
  await tab.locator("#from").selectOption("1.0.1");
  await tab.getByText("A device on 1.0.1 has nothing to do").waitFor();
  expect(await visit.text("rp-plan-view .summary")).toContain("The manifest is null");

  await tab.locator("#firmware").selectOption("1.0.0");
  await tab.getByText("A device on 1.0.1 downloads 104 kB to get to 1.0.1").waitFor();
  expect(await visit.text("#flashed")).toContain("1.0.1");
  expect(await visit.text("#new")).toBe("0");

  await tab.locator("#firmware").selectOption("");
  await tab.locator("#from").selectOption({ label: "no version (full install)" });
  await tab.getByText("A device without a version downloads").waitFor();
  expect(await visit.text("#new")).toBe("5");

  await tab.locator("#to").selectOption("1.0.0");
  await tab.getByText("to get to 1.0.0").waitFor();
  await tab.locator("#from").selectOption("1.0.1");
  await tab.getByText("has nothing to do").waitFor();
  await tab.getByLabel("Allow a downgrade").check();
  await tab.getByText("to get to 1.0.0").waitFor();
  expect(await visit.text("#deleted")).toBe("1");

  await tab.locator("#from").selectOption({ label: "another version …" });
  await tab.locator("#from-typed").fill("0.9");
  await tab.keyboard.press("Enter");
  await tab.getByText("A device on 0.9 downloads").waitFor();
  await tab.locator("#from-typed").fill("not/a version");
  await tab.keyboard.press("Enter");
  expect(await tab.getByRole("alert").innerText()).toContain("A version starts with a digit");
  await tab.locator("#from-typed").fill("1.0.0");
  await tab.keyboard.press("Enter");
  await tab.locator("#to").selectOption("");
  await tab.getByText("to get to 1.0.1").waitFor();

  expect(await visit.text("#time")).toBe("0.7 s WiFi, from a van");
  await tab.locator("#link").selectOption("lora");
  expect(await visit.text("#time")).toMatch(/^4 h \d+ min LoRa DR5$/);
  await tab.getByLabel("% on air").fill("100");
  await tab.keyboard.press("Enter");
  expect(await visit.text("#time")).toMatch(/^\d min LoRa DR5$/);
  await tab.locator("#link").selectOption("nbiot");
  expect(await visit.text("#time")).toMatch(/s NB-IoT$/);
  await visit.end();
});

test("the table sorts, filters and opens a file", async () => {
  const visit = await Visit.open(browser, page);
  const { page: tab } = visit;
  const paths = () => tab.locator(".item .path").allTextContents();
  await tab.locator("#sort-size").click();
  expect((await paths())[0]).toBe("firmware_1.0.1.bin");
  await tab.locator("#kind-flash").click();
  expect((await paths())[0]).toBe("sd/asset_that_will_be_removed.wav");
  await tab.locator("#sort-size").click();
  expect((await paths())[0]).toBe("sd/some_asset.txt");
  await tab.locator("#kind-same").click();
  expect(await paths()).toHaveLength(6);
  await tab.locator("#kind-update").click();
  await tab.locator("#kind-same").click();
  expect(await paths()).toEqual(["flash/lib/new_lib.py", "sd/asset_that_will_be_removed.wav"]);
  await tab.locator("#kind-update").click();
  await tab.locator("#filter").fill("MAIN");
  expect(await paths()).toEqual(["flash/main.py"]);
  await tab.locator("#filter").fill("no such file");
  expect(await visit.text(".grid")).toContain("No file matches the filter.");
  await tab.locator("#filter").fill("");

  await tab.locator(".item", { hasText: "flash/main.py" }).click();
  await tab.locator("rp-file-detail .line.added").first().waitFor();
  expect(await visit.text("rp-file-detail dl")).toMatch(/On the device 3,702 B [0-9a-f]{40} After the update 3,786 B [0-9a-f]{40}/);
  expect(await tab.locator("rp-file-detail .line.removed").count()).toBeGreaterThan(0);
  await visit.shot("diff");

  await tab.locator(".item", { hasText: "removed.wav" }).click();
  await tab.getByText("binary file: no line diff").waitFor();
  expect(await visit.text("rp-file-detail dl")).toContain("4,044 B");
  expect(await visit.text("rp-file-detail dl")).toContain("no such file");

  // By keyboard alone; Escape closes it from everywhere.
  for (const place of [tab.locator("#filter"), tab.locator("#from"), tab.locator("rp-file-detail #close")]) {
    if (!(await tab.locator("rp-file-detail").isVisible())) await tab.locator(".item", { hasText: "removed.wav" }).click();
    await place.focus();
    await tab.keyboard.press("Escape");
    await tab.locator("rp-file-detail").waitFor({ state: "hidden" });
  }
  expect(await tab.locator(".grid").evaluate((grid) => grid.matches(":focus")), "focus returns to the list").toBe(true);
  await tab.locator(".grid").focus();
  await tab.keyboard.press("Home");
  await tab.keyboard.press("ArrowDown");
  await tab.keyboard.press("Enter");
  const active = await tab.locator(".item.active .path").textContent();
  await tab.getByRole("heading", { name: active ?? "" }).waitFor();
  await tab.keyboard.press("Escape");
  await tab.locator("rp-file-detail").waitFor({ state: "hidden" });
  await visit.end();
});

test("the matrix shows download sizes, and a cell opens that plan", async () => {
  const visit = await Visit.open(browser, page);
  const { page: tab } = visit;
  await tab.getByRole("tab", { name: "Matrix" }).click();
  await tab.getByRole("gridcell", { name: "1.0.0 to 1.0.1: 109 kB, 109,485 B" }).waitFor();
  expect(await tab.getByRole("gridcell").count()).toBe(6);
  await tab.getByRole("gridcell", { name: "1.0.1 to 1.0.0: –, nothing to do" }).waitFor();
  await tab.getByText("Largest downloads to 1.0.1").waitFor();
  expect(await tab.getByRole("columnheader").allInnerTexts(), "the newest target comes first").toEqual(["device on", "1.0.1", "1.0.0"]);
  await visit.shot("matrix");
  await tab.getByLabel("Allow a downgrade").check();
  await tab.getByRole("gridcell", { name: /1.0.1 to 1.0.0: \d/ }).click();
  await tab.getByText("A device on 1.0.1 downloads").waitFor();
  expect(await tab.locator("#to").inputValue()).toBe("1.0.0");

  await tab.getByRole("tab", { name: "Matrix" }).click();
  await tab.locator("rp-matrix-view .scroller").focus();
  for (const key of ["End", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowLeft", "Enter"]) await tab.keyboard.press(key);
  await tab.getByText("A device without a version downloads").waitFor();
  expect(await tab.locator("#to").inputValue()).toBe("1.0.1");
  await visit.end();
});

test("the matrix without firmware, and its cell opens that plan", async () => {
  const { total_size: all, firmware } = JSON.parse(await manifest("?current_ver=1.0.0&format=2")) as { total_size: number; firmware: { size: number } };
  const size = (bytes: number) => `${bytes.toLocaleString("en")} B`;
  const visit = await Visit.open(browser, `${page}#tab=matrix&from=1.0.1`);
  const { page: tab } = visit;
  await tab.getByRole("gridcell", { name: new RegExp(`^1.0.0 to 1.0.1: .*, ${size(all)}$`) }).waitFor();
  await tab.getByRole("checkbox", { name: "With firmware" }).uncheck();
  const cell = tab.getByRole("gridcell", { name: new RegExp(`^1.0.0 to 1.0.1: .*, ${size(all - firmware.size)}$`) });
  await cell.waitFor();
  expect(new URL(tab.url()).hash).toContain("images=no");
  await visit.shot("matrix-without-firmware");
  await cell.click();
  await tab.locator("#download", { hasText: size(all - firmware.size) }).waitFor();
  expect(await visit.text("#flashed")).toBe("none");
  await visit.end();
});

test("the matrix as time says what the plan says", async () => {
  const visit = await Visit.open(browser, `${page}#from=1.0.0&link=lora`);
  const { page: tab } = visit;
  await tab.locator("#time", { hasText: /\d/ }).waitFor();
  const time = (await visit.text("#time")).replace(" LoRa DR5", "");
  await tab.getByRole("tab", { name: "Matrix" }).click();
  await tab.getByRole("checkbox", { name: "As time over LoRa DR5" }).check();
  await tab.getByRole("gridcell", { name: `1.0.0 to 1.0.1: ${time}, 109,485 B` }).waitFor();
  await tab.getByRole("gridcell", { name: "1.0.1 to 1.0.0: –, nothing to do" }).waitFor();
  await visit.shot("matrix-time");
  await tab.locator("#link").selectOption("wifi");
  await tab.getByRole("gridcell", { name: "1.0.0 to 1.0.1: 0.7 s, 109,485 B" }).waitFor();
  expect(new URL(tab.url()).hash).toContain("cells=time");
  await visit.end();
});

test("the manifest is the server's, and goes out by copy and download", async () => {
  const visit = await Visit.open(browser, page, { permissions: ["clipboard-read", "clipboard-write"] });
  const { page: tab } = visit;
  await tab.getByRole("tab", { name: "Manifest" }).click();
  const expected = await manifest("?current_ver=1.0.0");
  expect(await shown(visit)).toBe(expected);
  await tab.locator("#compare").click();
  await tab.getByText("The same, byte for byte.").waitFor();
  await visit.shot("manifest");

  await tab.locator("#copy").click();
  await tab.getByText("copied").waitFor();
  expect(await tab.evaluate(() => navigator.clipboard.readText())).toBe(expected);
  const saving = tab.waitForEvent("download");
  await tab.locator("#save").click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toBe("manifest.json");
  expect(readFileSync(await saved.path(), "utf8")).toBe(expected);

  await tab.getByLabel("2, with sizes").check();
  await tab.locator(".line .content", { hasText: '"total_size": 109485' }).waitFor();
  expect(await visit.text("#about"), "nothing is said of another manifest").toMatch(/^[\d,]+ B$/);
  await tab.locator("#compare").click();
  await tab.getByText("The same, byte for byte.").waitFor();
  expect(await shown(visit)).toBe(await manifest("?current_ver=1.0.0&format=2"));

  await tab.getByLabel("/flash/…", { exact: true }).check();
  await tab.locator("#compare").click();
  await tab.getByText("The server's answer differs").waitFor();
  expect(await visit.text("rp-manifest-view rp-code-lines >> nth=0 >> .scroller")).toContain('"dst_path": "/flash/main.py"');
  await visit.shot("manifest-differs");

  await tab.locator("#to").selectOption("1.0.1");
  await tab.getByText("choose highest as the target").waitFor();
  expect(await tab.locator("#compare").isDisabled()).toBe(true);
  await tab.locator("#base").fill("ftp//nonsense");
  await tab.keyboard.press("Enter");
  expect(await tab.getByRole("alert").innerText()).toContain("base_url_invalid");
  await visit.end();
});

test("checks of content and of a device", async () => {
  const folder = scratch();
  cpSync(EXAMPLES, join(folder, "content"), { recursive: true });
  writeFileSync(join(folder, "manifest.json"), await manifest("?current_ver=1.0.0&format=2"));
  const visit = await Visit.open(browser, page);
  const { page: tab } = visit;
  await tab.getByRole("tab", { name: "Check" }).click();
  await visit.pick("text=choose a manifest", join(folder, "manifest.json"));
  await tab.locator("#check-own").click();
  await tab.getByText("Everything matches.").waitFor();
  expect(await visit.text("#check-result")).toContain("4 checked, 4 OK");

  writeFileSync(join(folder, "content/1.0.1/flash/main.py"), "tampered with\n");
  rmSync(join(folder, "content/1.0.1/sd/some_asset.txt"));
  await visit.drop('[data-drop="content-folder"]', join(folder, "content"));
  await tab.getByText("Something differs.").waitFor();
  expect(await visit.text("#check-result")).toContain("4 checked, 2 OK, 1 different, 1 missing");
  const rows = await tab.locator("rp-verify-view .item").allInnerTexts();
  expect(rows.map((row) => row.split(/\s+/).slice(1, 3).join(" "))).toEqual([
    "OK 1.0.1/flash/lib/new_lib.py",
    "different 1.0.1/flash/main.py",
    "missing 1.0.1/sd/some_asset.txt",
    "OK firmware_1.0.1.bin",
  ]);
  await visit.shot("check");
  await tab.getByLabel("only problems").check();
  expect(await tab.locator("rp-verify-view .item").count()).toBe(2);

  // A device that lost a file, holds another content in one, and has one more.
  const content = readFileSync(join(EXAMPLES, "1.0.1/flash/boot.py"));
  const listing = [
    { path: "flash/boot.py", size: content.length, sha1: createHash("sha1").update(content).digest("hex") },
    { path: "flash/main.py", size: 3, sha1: "a".repeat(40) },
    { path: "flash/config.py", size: 3, sha1: "b".repeat(40) },
  ];
  writeFileSync(join(folder, "device.json"), JSON.stringify(listing));
  await tab.locator("#check-version").selectOption("1.0.1");
  await visit.pick("text=choose a listing", join(folder, "device.json"));
  await tab.getByText("Release 1.0.1:").waitFor();
  expect(await visit.text("#check-result")).toContain("1 OK, 1 different, 3 missing, 1 unexpected");
  await visit.drop('[data-drop="device-folder"]', join(EXAMPLES, "1.0.1"));
  await tab.getByText("Everything matches.").waitFor();
  expect(await visit.text("#check-result")).toContain("5 checked, 5 OK");
  await visit.end();
});

async function shown(visit: Visit): Promise<string> {
  return visit.page.locator("rp-manifest-view rp-code-lines").last().evaluate((lines) => (lines as unknown as { text: string }).text);
}
