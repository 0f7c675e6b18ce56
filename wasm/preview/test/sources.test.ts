// Folders and zips, offline, shared addresses, notices, the server's changes, other pages.

import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { zipSync } from "fflate";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { serve, started, type Server } from "./support/server.js";
import { filesBelow, scratch, writeTree } from "./support/tree.js";

let browser: Browser;
let server: Server;
let folder: string;
let page: string;

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), serve(EXAMPLES)]);
  page = `${server.url}_preview/`;
  folder = scratch();
  writeFileSync(join(folder, "manifest.json"), await (await fetch(`${server.url}manifest.json`)).text());
  const files = filesBelow(EXAMPLES);
  writeFileSync(join(folder, "flat.zip"), zipSync(files));
  writeFileSync(
    join(folder, "wrapped.zip"),
    zipSync(Object.fromEntries(Object.entries(files).map(([path, content]) => [`releases/${path}`, content]))),
  );
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test.each(["picked", "dropped"])("a folder that is %s gives what the server gives", async (how) => {
  const visit = await Visit.open(browser, page);
  const { page: tab } = visit;
  if (how === "picked") await visit.pick("#open-folder", EXAMPLES);
  else await visit.drop("main", EXAMPLES);
  await tab.getByText("Folder releases").waitFor();
  expect(await visit.text("#source")).toContain("2 releases · 2 images · 12 files");
  expect(await visit.text("#download")).toContain("109,485 B");
  await tab.locator(".item", { hasText: "flash/main.py" }).click();
  await tab.locator("rp-file-detail .line.added").first().waitFor();
  await tab.getByRole("tab", { name: "Manifest" }).click();
  await tab.locator("#compare").click();
  await tab.getByText("The same, byte for byte.").waitFor();
  await visit.end();
});

test.each(["flat.zip", "wrapped.zip"])("%s gives what the server gives", async (name) => {
  const visit = await Visit.open(browser, page);
  const { page: tab } = visit;
  if (name === "flat.zip") await visit.pick("#open-zip", join(folder, name));
  else await visit.drop("main", join(folder, name));
  await tab.getByText(`Zip ${name}`).waitFor();
  expect(await visit.text("#source")).toContain("2 releases · 2 images · 12 files");
  await tab.locator(".item", { hasText: "flash/main.py" }).click();
  await tab.locator("rp-file-detail .line.added").first().waitFor();
  await tab.getByRole("tab", { name: "Manifest" }).click();
  await tab.locator("#compare").click();
  await tab.getByText("The same, byte for byte.").waitFor();
  await visit.shot(`zip-${name}`);
  await tab.getByRole("tab", { name: "Matrix" }).click();
  await tab.getByRole("gridcell", { name: "1.0.0 to 1.0.1: 109 kB, 109,485 B" }).waitFor();
  await tab.getByRole("tab", { name: "Check" }).click();
  await visit.pick("text=choose a manifest", join(folder, "manifest.json"));
  await tab.locator("#check-own").click();
  await tab.getByText("Everything matches.").waitFor();
  await visit.end();
});

test("items of a directory of releases, dropped together", async () => {
  const visit = await Visit.open(browser, page);
  await visit.drop("main", ...["1.0.0", "1.0.1", "firmware_1.0.1.bin"].map((name) => join(EXAMPLES, name)));
  await visit.page.getByText("3 dropped items").waitFor();
  expect(await visit.text("#source")).toContain("2 releases · 1 image · 11 files");
  await visit.end();
});

test("loaded once, it needs no server", async () => {
  const near = await serve(EXAMPLES);
  const visit = await Visit.open(browser, `${near.url}_preview/`);
  const { page: tab } = visit;
  await tab.locator("#headline").waitFor();
  await visit.settled();
  await near.stop();
  await visit.drop("main", EXAMPLES);
  await tab.getByText("Folder releases").waitFor();
  await tab.locator(".item", { hasText: "flash/main.py" }).click();
  await tab.locator("rp-file-detail .line.added").first().waitFor();
  await tab.locator("#from").selectOption("");
  await tab.getByText("A device without a version downloads").waitFor();
  await visit.pick("#open-zip", join(folder, "flat.zip"));
  await tab.getByText("Zip flat.zip").waitFor();
  await tab.getByRole("tab", { name: "Matrix" }).click();
  await tab.getByRole("gridcell", { name: "1.0.0 to 1.0.1: 109 kB, 109,485 B" }).waitFor();
  await tab.getByRole("tab", { name: "Manifest" }).click();
  await tab.locator("#compare").click();
  expect(await tab.getByRole("alert").innerText()).toContain("the server does not respond");
  // The engine's worker says so for the comparison; nothing else was asked for.
  await visit.end(/ERR_CONNECTION_REFUSED/);
});

test("an address shows a colleague the same", async () => {
  const visit = await Visit.open(browser, page);
  const { page: tab } = visit;
  await tab.locator("#from").selectOption("");
  await tab.locator("#to").selectOption("1.0.0");
  await tab.locator("#firmware").selectOption("1.0.0");
  await tab.locator("#link").selectOption("lora");
  await tab.getByLabel("s per file").fill("7.5");
  await tab.keyboard.press("Enter");
  await tab.getByLabel("/flash/…", { exact: true }).check();
  await tab.getByLabel("SemVer").check();
  await tab.locator("#filter").fill("flash");
  await tab.locator("#sort-size").click();
  await tab.locator(".item", { hasText: "main.py" }).click();
  await tab.locator("rp-file-detail .line.added").first().waitFor();
  const read = (other: Visit) => Promise.all([".summary", ".grid", "rp-file-detail section", "form"].map((part) => other.text(part)));
  const shown = await read(visit);
  const address = tab.url();
  await visit.end();

  const colleague = await Visit.open(browser, address);
  await colleague.page.locator("rp-file-detail .line.added").first().waitFor();
  expect(await read(colleague)).toEqual(shown);
  expect(colleague.page.url()).toBe(address);
  await colleague.page.evaluate(() => (location.hash = "#tab=matrix&from=1.0.0"));
  await colleague.page.getByRole("gridcell", { name: "1.0.0 to 1.0.1: 109 kB, 109,485 B" }).waitFor();
  await colleague.end();
});

test("an address that does not fit says what to do", async () => {
  const visit = await Visit.open(browser, `${page}#from=1.0.0&to=7.7.7&tab=nonsense&figures=a&kinds=x&sort=%00`);
  expect(await visit.page.getByRole("alert").innerText()).toContain("Choose a release from the list");
  await visit.page.locator("#to").selectOption("");
  await visit.page.getByText("to get to 1.0.1").waitFor();
  await visit.end();
});

test("notices are where one looks for them", async () => {
  const root = writeTree(scratch(), {
    "1.0/flash/main.py": "one",
    "1.00/flash/main.py": "two",
    "1.1/flash/Lib.py": "a",
    "1.1/flash/lib.py": "b",
    "1.2/flash/main.py": "c",
    "1.3/bad\\name.py": "d",
    "__pycache__/x.pyc": "e",
    "docs/readme.md": "f",
    "firmware_latest.bin": "g",
    "notes.txt": "h",
  });
  mkdirSync(join(root, "1.4"));
  symlinkSync("/etc/passwd", join(root, "1.2/flash/link"));
  const own = await serve(root);
  const visit = await Visit.open(browser, `${own.url}_preview/#tab=releases&from=1.00`);
  const { page: tab } = visit;
  await tab.getByText("Ignored (").waitFor();
  const warnings = await visit.text("section[aria-labelledby=warnings-title]");
  for (const part of ["Warnings (2)", "version_equal", "path_case"]) expect(warnings).toContain(part);
  const ignored = await visit.text("section[aria-labelledby=ignored-title]");
  for (const part of ["__pycache__", "docs", "firmware_latest.bin", "notes.txt", "link_outside", "path_backslash", "release_empty"]) {
    expect(ignored).toContain(part);
  }
  expect(await tab.getByRole("tab", { name: /Releases \d+ notices/ }).count()).toBe(1);
  await visit.shot("releases");
  await visit.end();
  await own.stop();
});

test("what the server is set to, the page keeps to", async () => {
  const root = writeTree(scratch(), {
    "1.0.0-rc.1/boot.py": "old boot",
    "1.0.0-rc.1/main.py": "old main",
    "1.0.0-rc.1/x.pyc": "old",
    "1.0.0/boot.py": "new boot",
    "1.0.0/main.py": "new main",
    "1.0.0/x.pyc": "new",
  });
  const own = await serve(
    root, "--scheme", "semver", "--ignore", "*.pyc", "--protect", "boot.py", "--dst-paths", "absolute", "--base-url", "https://ota.example/x",
  );
  const visit = await Visit.open(browser, `${own.url}_preview/`);
  const { page: tab } = visit;
  await tab.getByText("A device on 1.0.0-rc.1 downloads 8 B to get to 1.0.0").waitFor();
  expect(await visit.text("#unchanged")).toBe("0 1 protected");
  expect(await visit.text("form")).toContain("boot.py");
  await tab.locator("#kind-protected").click();
  await tab.locator(".item", { hasText: "boot.py" }).click();
  await tab.getByText("Protected by the server's settings").waitFor();
  await tab.getByRole("tab", { name: "Manifest" }).click();
  await tab.locator("#compare").click();
  await tab.getByText("The same, byte for byte.").waitFor();
  expect(await visit.text("rp-manifest-view .scroller")).toContain('"dst_path": "/main.py"');
  expect(await visit.text("rp-manifest-view .scroller")).toContain("https://ota.example/x/1.0.0/main.py");
  // By the loose order the candidate is the higher one.
  await tab.getByLabel("loose").check();
  await tab.getByRole("tab", { name: "Plan" }).click();
  await tab.getByText("A device on 1.0.0-rc.1 has nothing to do").waitFor();
  await visit.end();
  await own.stop();
});

test("a new release is announced, and shown after a reload", async () => {
  const root = scratch();
  cpSync(EXAMPLES, root, { recursive: true });
  const own = await serve(root);
  const visit = await Visit.open(browser, `${own.url}_preview/`);
  const { page: tab } = visit;
  writeTree(root, { "1.0.2/flash/main.py": "three" });
  const releases = async () => ((await (await fetch(`${own.url}healthz`)).json()) as { releases: string[] }).releases;
  await expect.poll(releases, { timeout: 20_000 }).toContain("1.0.2");
  await tab.evaluate(() => {
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await tab.getByText("The releases on the server have changed").waitFor();
  await tab.locator(".notice").getByRole("button", { name: "Reload" }).click();
  await tab.getByText("3 releases").waitFor();
  expect(await tab.getByText("have changed").count()).toBe(0);
  await visit.end();
  await own.stop();
});

test("a release that is still copied in is a device's release, and no target", async () => {
  const own = await started([
    "-c", "from airwaybill.cli import main; main()",
    "serve", EXAMPLES, "--host", "127.0.0.1", "--port", "0", "--settle", "1000000000",
  ]);
  const visit = await Visit.open(browser, `${own.url}_preview/`);
  const { page: tab } = visit;
  expect(await visit.text("#source")).toContain("0 releases");
  expect(await tab.locator("#from").innerText()).toContain("1.0.0 (still changing)");
  await tab.getByRole("tab", { name: "Releases" }).click();
  expect(await visit.text("section[aria-labelledby=ignored-title]")).toContain("release_unsettled");
  await visit.end();
  await own.stop();
});

test("another page of the server embeds the component", async () => {
  const root = scratch();
  cpSync(EXAMPLES, root, { recursive: true });
  writeFileSync(
    join(root, "tool.html"),
    `<!doctype html><link rel="icon" href="data:,"><title>Tool</title><release-preview></release-preview>
     <script type="module" src="/_preview/release-preview.js"></script>`,
  );
  const own = await serve(root, "--serve-other");
  const visit = await Visit.to(browser, `${own.url}tool.html`);
  await visit.page.getByText("Drop a folder of releases here").waitFor();
  await visit.shot("welcome");
  await visit.pick("#open-folder", EXAMPLES);
  await visit.page.getByText("A device on 1.0.0 downloads 109 kB").waitFor();
  expect(await visit.page.locator("#open-server").count()).toBe(0);
  await visit.end();
  await own.stop();
});
