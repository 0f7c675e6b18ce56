// A folder of releases with links in it, by each way in which a browser can be given it.

import { mkdirSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { scratch, writeTree } from "./support/tree.js";

interface Chromium {
  getAsFileSystemHandle(): Promise<FileSystemDirectoryHandle>;
}

let browser: Browser;
let server: Server;
let root: string;

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), serve(EXAMPLES)]);
  // Chromium hands out nothing below /dev.
  root = writeTree(scratch(tmpdir()), {
    "1.0.0/main.py": "one",
    "1.0.0/flash/lib.py": "lib",
    "1.0.1/main.py": "two",
  });
  symlinkSync("1.0.1", join(root, "latest"));
  mkdirSync(join(root, "1.0.2"));
  symlinkSync("main.py", join(root, "1.0.1/alias.py"));
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Puts in the place of the system's picker one that hands out the folder, as Chromium reads it from the disk. */
async function pickerOf(visit: Visit, folder: string): Promise<void> {
  await visit.page.evaluate(() => {
    const taken = (event: DragEvent) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      const handle = (event.dataTransfer!.items[0] as unknown as Chromium).getAsFileSystemHandle();
      Object.assign(globalThis, { showDirectoryPicker: () => handle });
    };
    addEventListener("drop", taken, { capture: true, once: true });
  });
  await visit.drop("main", folder);
  await visit.page.waitForFunction("showDirectoryPicker !== undefined");
}

/** Puts in its place one that fails. */
async function failingPicker(visit: Visit, name: string): Promise<void> {
  await visit.page.evaluate((name) => {
    const fail = () => Promise.reject(new DOMException("no", name));
    Object.assign(globalThis, { showDirectoryPicker: fail });
  }, name);
}

const whole = "2 releases · 0 images · 3 files";

test("dropped, it has every release", async () => {
  const visit = await Visit.open(browser, `${server.url}_preview/`);
  await visit.drop("main", root);
  await visit.page.getByText(whole).waitFor();
  await visit.page.getByRole("tab", { name: "Releases" }).click();
  expect(await visit.text("section[aria-labelledby=ignored-title]")).toContain("release_empty");
  expect(await visit.text("section[aria-labelledby=warnings-title]")).toContain("nor empty directories unless it was dropped");
  await visit.end();
});

test("picked by the system's picker, it has every release, and its files are read", async () => {
  const visit = await Visit.open(browser, `${server.url}_preview/#from=1.0.0`);
  const { page: tab } = visit;
  await pickerOf(visit, root);
  await tab.locator("#open-folder").click();
  await tab.getByText(whole).waitFor();
  expect(await visit.text("#source")).toContain(`Folder ${root.split("/").at(-1)}`);
  await tab.locator(".item", { hasText: "main.py" }).click();
  await tab.locator("rp-file-detail .line.added", { hasText: "two" }).waitFor();
  await tab.getByRole("tab", { name: "Releases" }).click();
  expect(await visit.text("section[aria-labelledby=ignored-title]")).toContain("release_empty");
  expect(await visit.text("section[aria-labelledby=warnings-title]")).not.toContain("empty directories");
  await visit.end();
});

test("for the check it is picked the same way", async () => {
  const visit = await Visit.open(browser, `${server.url}_preview/#tab=check`);
  await pickerOf(visit, join(EXAMPLES, "1.0.0"));
  await visit.page.locator("#check-version").selectOption("1.0.0");
  await visit.page.locator("[data-drop=device-folder] button").click();
  await visit.page.getByText("Everything matches.").waitFor();
  await visit.end();
});

test("a picker that is closed changes nothing", async () => {
  const visit = await Visit.open(browser, `${server.url}_preview/`);
  const before = await visit.text("#source");
  await failingPicker(visit, "AbortError");
  await visit.page.locator("#open-folder").click();
  await visit.settled();
  expect(await visit.text("#source")).toBe(before);
  expect(await visit.page.getByRole("alert").count()).toBe(0);
  await visit.end();
});

test("a picker that is refused gives way to the other one", async () => {
  const visit = await Visit.open(browser, `${server.url}_preview/`);
  await failingPicker(visit, "SecurityError");
  await visit.pick("#open-folder", EXAMPLES);
  await visit.page.getByText("Folder releases").waitFor();
  await visit.end();
});

test("where there is only the other one, the page says what it leaves out", async () => {
  const without = await Visit.open(browser, `${server.url}_preview/`);
  expect(await without.text("#folder-hint")).toContain("latest → 1.0.1");
  expect(await without.text("#folder-hint")).toContain("no empty directories");
  expect(await without.page.locator("#open-folder").isVisible()).toBe(true);
  await without.end();
});

test("what leaves the browser is said at the buttons", async () => {
  const visit = await Visit.open(browser, `${server.url}_preview/`);
  expect(await visit.text("#private")).toMatch(/^Nothing leaves this browser, also where it asks whether to “upload” files\./);
  const [buttons, said] = await Promise.all(["[aria-label='Open releases']", "#private"].map((part) => visit.page.locator(part).boundingBox()));
  expect(said!.y - (buttons!.y + buttons!.height), "right below them").toBeLessThan(20);
  await visit.end();
});

test("a picker that chooses files where a folder was asked for is found out, and a zip offered", async () => {
  const visit = await Visit.open(browser, `${server.url}_preview/`);
  const { page: tab } = visit;
  await tab.locator("#headline").waitFor();
  // As on a phone.
  await tab.evaluate(() => Object.defineProperty(File.prototype, "webkitRelativePath", { get: () => "" }));
  await visit.pick("#open-folder", root);
  await tab.locator("#no-folder", { hasText: "It cannot choose folders: pack the folder as a zip, and choose that." }).waitFor();
  expect(await tab.locator("#open-folder").count()).toBe(0);
  expect(await tab.getByRole("button", { name: "Zip …" }).getAttribute("class")).toBe("main");
  expect(await visit.text("#source"), "what was open stays").toContain("This server");
  await tab.getByRole("tab", { name: "Check" }).click();
  await visit.pick("[data-drop=device-folder] button", root);
  expect(await tab.getByRole("alert").innerText()).toContain("this browser's picker chooses no folders");
  await visit.end();
});

test("a browser that knows no folders offers a zip from the start", async () => {
  const visit = await Visit.to(browser, `${server.url}_preview/`);
  const { page: tab } = visit;
  await tab.addInitScript(() => void delete (HTMLInputElement.prototype as Partial<HTMLInputElement>).webkitdirectory);
  await tab.reload();
  await tab.locator("#no-folder").waitFor();
  expect(await tab.locator("#open-folder").count()).toBe(0);
  await visit.end();
});
