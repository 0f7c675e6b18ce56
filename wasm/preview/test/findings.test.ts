// "Before it goes out": what the check found, as a person reads and uses it.

import { cpSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { zipSync } from "fflate";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { scratch, writeTree } from "./support/tree.js";
import { cases, hintsOf, signOf, verdictOf, zipped, type Case } from "./support/vectors.js";
import { showing } from "./support/view.js";

const PANEL = "rp-findings-view section";
const MAIN = "import app\n";
const KEY = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n";

let browser: Browser;
let server: Server;
let page: string;
// Chromium hands out nothing below /dev.
const folder = scratch(tmpdir());

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), serve(EXAMPLES)]);
  page = `${server.url}_preview/`;
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** The panel, once it is about what was opened last, with its hints. */
async function panel(visit: Visit): Promise<string> {
  await visit.page.locator("rp-findings-view [aria-busy=false] #verdict").waitFor();
  const hints = visit.page.locator("#hints:not([open]) > summary");
  if ((await hints.count()) > 0) await hints.click();
  return visit.text(PANEL);
}

function releases(name: string, files: Record<string, string | Uint8Array>, ...directories: string[]): string {
  const root = writeTree(join(folder, name), files);
  for (const path of directories) mkdirSync(join(root, path), { recursive: true });
  return root;
}

/** What is read is what the engine finds, and no more. */
async function expectFound(visit: Visit, { findings }: Case): Promise<void> {
  const said = await panel(visit);
  expect(await visit.text("#verdict")).toBe(`${signOf(findings)} ${verdictOf(findings)}`);
  expect(said.includes("hint")).toBe(hintsOf(findings) !== null);
  if (hintsOf(findings) !== null) expect(await visit.text("#hints > summary")).toContain(`${hintsOf(findings)}: `);
  for (const { level, code, path, message, advice } of findings) {
    const group = visit.page.locator(`${PANEL} li.${level}[data-code=${code}]`, { hasText: advice });
    const text = (await group.innerText()).replace(/\s+/g, " ");
    for (const part of [level, path, message, advice, code]) expect(text).toContain(part.replace(/\s+/g, " "));
  }
}

describe("the vectors of the check", () => {
  let visit: Visit;
  let served: number;

  beforeAll(async () => {
    visit = await Visit.open(browser, page);
    await visit.settled();
    served = visit.requests.length;
  });

  afterAll(async () => {
    // What is opened here leaves the browser nowhere.
    expect(visit.requests.slice(served).filter((url) => !url.startsWith(page) || url.endsWith("listing.json"))).toEqual([]);
    await visit.end();
  });

  test.each(cases("reported-content", "reported-names").filter(({ links }) => Object.keys(links).length === 0))("$name, as a folder", async (one) => {
    await visit.drop("main", releases(one.name, one.files, ...one.directories));
    await visit.page.locator("#source", { hasText: one.name }).waitFor();
    await visit.page.evaluate(showing(one.view));
    await expectFound(visit, one);
  });

  test.each(cases("reported-content", "reported-names", "client", "firmware", "good", "meaning", "request", "start"))("$name, as a zip", async (one) => {
    const path = join(folder, `${one.name}.zip`);
    writeFileSync(path, zipped(one));
    await visit.pick("#open-zip", path);
    await visit.page.locator("#source", { hasText: `${one.name}.zip` }).waitFor();
    await visit.page.evaluate(showing(one.view));
    await expectFound(visit, one);
  });
});

const GOOD = { "1.0.0/flash/main.py": MAIN, "1.0.0/flash/boot.py": "", "1.0.1/flash/main.py": `${MAIN}app.run()\n`, "1.0.1/flash/boot.py": "" };
const BAD = {
  ...GOOD,
  "1.0.1/flash/cert/[a]!.key": KEY,
  "1.0.1/flash/cert/b.key": KEY,
  "1.0.1/flash/log.py": "print(\0",
};

async function open(visit: Visit, root: string): Promise<void> {
  await visit.drop("main", root);
  await visit.page.locator("#source", { hasText: new RegExp(`(Folder|Zip)\\s+${root.split("/").at(-1)!}\\s`) }).waitFor();
}

describe("a finding", () => {
  test("is accepted by the lines that the page gives, and then shown with its reason", async () => {
    const root = releases("accepted", BAD);
    const visit = await Visit.open(browser, page, { permissions: ["clipboard-read", "clipboard-write"] });
    const { page: tab } = visit;
    const settings: string[] = [];
    await open(visit, root);
    expect(await panel(visit)).toContain("1 error, 2 warnings");
    for (const [code, reason] of [["secret_key", "for the test bench"], ["python_broken", "it is data"]] as const) {
      await tab.locator(`[data-code=${code}] summary`).click();
      await tab.locator(`[data-code=${code}] .copy`).click();
      await tab.locator(`[data-code=${code}]`, { hasText: "copied" }).waitFor();
      const lines = await tab.evaluate(() => navigator.clipboard.readText());
      expect(lines.replace(/\s+/g, " ").trim()).toBe(await linesOf(visit, code));
      settings.push(lines.replaceAll('reason = ""', `reason = "${reason}"`));
    }
    writeTree(root, { "check.toml": settings.join("\n") });
    await open(visit, join(folder, "accepted"));
    await tab.locator("#accepted").waitFor();
    expect(await panel(visit)).toContain("fine");
    expect(await tab.getByText("for the test bench").count()).toBe(2);
    expect(await tab.getByText("for the test bench").first().isVisible(), "folded").toBe(false);
    await tab.locator("#accepted > summary").click();
    const accepted = await visit.text("#accepted");
    for (const part of ["3 accepted in check.toml", "1.0.1/flash/cert/b.key", "secret_key", "for the test bench", "it is data"]) expect(accepted).toContain(part);
    await visit.end();
  });

  test("shows its files, and an address shows them to a colleague", async () => {
    const root = releases("shown", { ...BAD, "1.0.1/flash/other.py": "x" });
    const visit = await Visit.open(browser, page);
    const { page: tab } = visit;
    const rows = () => shownFiles(visit);
    await open(visit, root);
    await panel(visit);
    await tab.locator("[data-code=secret_key] .show", { hasText: "Show its 2 files" }).click();
    await tab.locator("#only", { hasText: "secret_key" }).waitFor();
    expect(await rows()).toEqual(["flash/cert/[a]!.key", "flash/cert/b.key"]);
    expect(await tab.locator(".grid").evaluate((grid) => (grid.getRootNode() as ShadowRoot).activeElement === grid), "focus is there").toBe(true);
    expect(await tab.locator(".grid").evaluate((grid) => grid.getBoundingClientRect().top < innerHeight), "and it is in sight").toBe(true);
    await tab.keyboard.press("Enter");
    await tab.locator("rp-file-detail .line.added").first().waitFor();
    await tab.locator("[data-code=python_broken] .show", { hasText: "Show its file" }).click();
    expect(await rows()).toEqual(["flash/log.py"]);
    expect(new URL(tab.url()).hash).toContain("finding=python_broken");
    await tab.evaluate(() => (location.hash = location.hash.replace("python_broken", "secret_key")));
    await expect.poll(rows).toEqual(["flash/cert/[a]!.key", "flash/cert/b.key"]);
    await tab.locator("#only").click();
    await expect.poll(rows).toContain("flash/other.py");
    await visit.end();
  });

  test("of many files is one, with its first", async () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`1.0.1/flash/m${index}.py`, "\0"]));
    const visit = await Visit.open(browser, page);
    await open(visit, releases("many", { ...GOOD, ...many }));
    const said = await panel(visit);
    for (const part of ["12 errors", "12 places", "1.0.1/flash/m0.py", "and 4 more", "Show its 12 files"]) expect(said).toContain(part);
    expect(await visit.page.locator("rp-findings-view li[data-code]").count()).toBe(1);
    await visit.end();
  });

  test.each([
    ["line_ends", { ...GOOD, "1.0.1/flash/main.py": MAIN.replace("\n", "\r\n"), "1.0.1/flash/new.py": "" }, "Show updated files", ["flash/main.py"]],
    ["many_deleted", { ...GOOD, "1.0.0/flash/a": "", "1.0.0/flash/b": "", "1.0.0/flash/c": "" }, "Show deleted files", ["flash/a", "flash/b", "flash/c"]],
    ["module_hidden", { ...GOOD, "1.0.1/flash/log.py": "", "1.0.1/flash/log/a": "" }, "Show its file", ["flash/log/a"]],
  ] as const)("%s names no file alone", async (code, files, button, shown) => {
    const visit = await Visit.open(browser, page);
    await open(visit, releases(code, files));
    await panel(visit);
    await visit.page.locator(`[data-code=${code}] .show`, { hasText: button }).click();
    await expect.poll(() => shownFiles(visit)).toEqual([...shown]);
    await visit.end();
  });

  test("is sought for the device that is chosen", async () => {
    const visit = await Visit.open(browser, page);
    const { page: tab } = visit;
    const root = releases("devices", { ...GOOD, "0.9/flash/boot.py": "", "0.9/flash/gone.py": "", "2.0/flash/boot.py": "" });
    await open(visit, root);
    expect(await panel(visit)).toContain("2.0, for devices on 1.0.1");
    expect(await visit.text(PANEL)).toContain("start_missing");
    await tab.locator("#from").selectOption("0.9");
    await tab.getByText("2.0, for devices on 0.9").waitFor();
    expect(await panel(visit)).toContain("fine");
    await tab.locator("#to").selectOption("1.0.1");
    await tab.getByText("1.0.1, for devices on 0.9").waitFor();
    // Nothing to do: what else goes out with that release.
    await tab.locator("#from").selectOption("1.0.1");
    await tab.getByText("1.0.1, for devices on 1.0.0").waitFor();
    await tab.locator("#from").selectOption({ label: "another version …" });
    await tab.locator("#from-typed").fill("1.0");
    await tab.keyboard.press("Enter");
    await tab.getByText("did you mean \"1.0.0\"").waitFor();
    await tab.locator("#from-typed").fill("?");
    await tab.keyboard.press("Enter");
    await tab.getByText("No plan:").waitFor();
    expect(await tab.locator("rp-findings-view section").count()).toBe(0);
    await visit.end();
  });
});

async function shownFiles(visit: Visit): Promise<string[]> {
  return (await visit.page.locator(".item .path").allTextContents()).map((path) => path.trim());
}

async function linesOf(visit: Visit, code: string): Promise<string> {
  const lines = await visit.page.locator(`[data-code=${code}] rp-code-lines .content`).allInnerTexts();
  return lines.join(" ").replace(/\s+/g, " ").trim();
}

describe("check.toml", () => {
  test.each([
    ["accept = 7", "accept: expected a list, found 7"],
    ["mounts = [", "Invalid TOML"],
    ["mount = ['flash']", "mount: unknown field `mount`, expected one of `mounts`, `flash_size`, `firmware`, `accept`"],
    ["current = ['1.0.0']", "current: unknown field"],
    ["firmware = 'avr'", "avr"],
    ["[[accept]]\ncode = 'secret_keys'\npath = '*'\nreason = ''", 'did you mean "secret_key"?'],
    ["[[accept]]\ncode = 'secret_key'\npath = 'a['\nreason = ''", "accept[0].path"],
  ])("%j is an error that says why", async (text, why) => {
    const visit = await Visit.open(browser, page);
    await open(visit, releases(`settings-${text.length}`, { ...GOOD, "check.toml": text }));
    const said = await panel(visit);
    for (const part of ["1 error", "check.toml", "settings_invalid", why, "correct it: until then it is ignored"]) expect(said).toContain(part);
    await visit.end();
  });

  test("of the server is used for a folder without one", async () => {
    const root = writeTree(scratch(), { ...GOOD, "check.toml": "mounts = ['rom']\n" });
    const own = await serve(root);
    const visit = await Visit.open(browser, `${own.url}_preview/`);
    expect(await panel(visit)).toContain("outside rom/");
    await open(visit, releases("servers", GOOD));
    expect(await panel(visit)).toContain("outside rom/");
    await open(visit, releases("owns", { ...GOOD, "check.toml": "\ufeffmounts = ['flash']\n" }));
    expect(await panel(visit)).toContain("fine");
    await visit.end();
    await own.stop();
  });
});

describe("the server's own releases", () => {
  /** What the page fetched of the releases. */
  const read = (visit: Visit) => visit.requests.filter((url) => /\/\d[^/]*\/flash\/|\.bin$/.test(url)).map((url) => new URL(url).pathname);

  test("come with what the server found, and nothing is fetched", async () => {
    const accept = "[[accept]]\ncode = 'secret_key'\npath = '*.key'\nreason = 'for the test bench'\n";
    const own = await serve(writeTree(scratch(), { ...BAD, "check.toml": accept }));
    const visit = await Visit.open(browser, `${own.url}_preview/`);
    const said = await panel(visit);
    for (const part of ["1 error", "1.0.1, for devices on 1.0.0", "python_broken", "1 accepted in check.toml"]) expect(said).toContain(part);
    expect(said).not.toContain("warning");
    expect(read(visit)).toEqual([]);
    await visit.end();
    await own.stop();
  });

  test("that are held back stay what they were for their devices", async () => {
    const root = scratch();
    cpSync(EXAMPLES, root, { recursive: true });
    const own = await serve(root);
    symlinkSync("/etc/passwd", join(root, "1.0.0/flash/stray"));
    const offered = async () => ((await (await fetch(`${own.url}healthz`)).json()) as { releases: string[] }).releases;
    await expect.poll(offered, { timeout: 20_000 }).toEqual(["1.0.1"]);
    const visit = await Visit.open(browser, `${own.url}_preview/#from=1.0.0`);
    const said = await panel(visit);
    for (const part of ["2 warnings", "base_held_back", "link_outside"]) expect(said).toContain(part);
    expect(said).not.toContain("not looked into");
    expect(await Promise.all(["#deleted", "#new", "#updated", "#unchanged"].map((figure) => visit.text(figure)))).toEqual(["1", "1", "2", "2"]);
    expect(await visit.text(".summary")).not.toContain("not available here");
    await visit.end();
    await own.stop();
  });

  test("are read for another device, as far as that is little", async () => {
    const old = Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`1.0.1/flash/n${index}`, `${index}`]));
    const own = await serve(writeTree(scratch(), { ...BAD, ...old, "0.9/flash/boot.py": "", "0.8/flash/boot.py": "", "0.8/flash/cert/b.key": KEY }));
    const visit = await Visit.open(browser, `${own.url}_preview/`);
    const { page: tab } = visit;
    expect(await panel(visit)).toContain("1 error, 2 warnings");
    await tab.locator("#to").selectOption("1.0.0");
    await tab.locator("#from").selectOption("0.8");
    await tab.getByText("1.0.0, for devices on 0.8").waitFor();
    expect(await panel(visit)).toContain("fine");
    await visit.settled();
    // Twice, where the first check was not wanted any more.
    expect([...new Set(read(visit))]).toEqual(["/1.0.0/flash/main.py"]);
    await tab.locator("#to").selectOption("");
    await tab.getByText("1.0.1, for devices on 0.8").waitFor();
    // The 200 smallest are.
    expect(await panel(visit)).toContain("4 files were not looked into");
    expect(await visit.text("#verdict")).toBe("i nothing found so far");
    expect(new Set(read(visit)).size).toBe(201);
    await visit.end();
    await own.stop();
  });
});

test.each([
  ["copy_left_over", 2],
  ["copy_under_way", 0],
])("what a copy tool left is told by its age: %s", async (code, hours) => {
  const changed = new Date(Date.now() - hours * 3600_000);
  const files = { ...GOOD, "1.0.1/flash/.main.py.aB3dEf": "imp" };
  const zip = join(folder, `${code}.zip`);
  const contents = Object.entries(files).map(([path, text]) => [path, new TextEncoder().encode(text)]);
  writeFileSync(zip, zipSync(Object.fromEntries(contents), { mtime: changed }));
  const root = releases(code, files);
  utimesSync(join(root, "1.0.1/flash/.main.py.aB3dEf"), changed, changed);
  const visit = await Visit.open(browser, page);
  for (const opened of [zip, root]) {
    await open(visit, opened);
    expect(await panel(visit)).toContain(code);
  }
  await visit.end();
});
