// The report that is handed over: copied, downloaded, and the same as the command line's, byte for byte.

import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { violations } from "./support/axe.js";
import { launch, Visit } from "./support/browser.js";
import { Firefox } from "./support/firefox.js";
import { EXAMPLES } from "./support/places.js";
import { airwaybill, serve, type Server } from "./support/server.js";
import { scratch, writeTree } from "./support/tree.js";

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;
const FORMS = [
  { form: "csv", name: "report-1.0.0-1.0.1.csv" },
  { form: "html", name: "report-1.0.0-1.0.1.html" },
] as const;
/** Names that mean something in some form, and what the check finds. */
const ODD = {
  "0.9.0/flash/main.py": "print(0)\n",
  "1.0.0/flash/main.py": "print(1)\n",
  "1.0.0/flash/old.py": "",
  "1.0.0/flash/own.json": "{}",
  "1.0.1/flash/main.py": "print(2)\n",
  "1.0.1/flash/a|b`c` <i>&amp;.py": "",
  '1.0.1/flash/=1,"2".csv': "größer\n",
  "1.0.1/flash/lib/broken.py": "\0",
  "1.0.1/flash/own.json": "{}",
  "firmware_1.0.1.bin": "no image",
};

let browser: Browser;
let server: Server;
let odd: string;
let oddServer: Server;
let page: string;

beforeAll(async () => {
  odd = writeTree(scratch(), ODD);
  [browser, server, oddServer] = await Promise.all([launch(), serve(EXAMPLES), serve(odd, "--keep", "own.json")]);
  page = `${server.url}_preview/`;
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([server, oddServer].map((one) => one?.stop()));
});

/** What the command prints for the same directory, base URL, generation and time. */
async function printed(form: string, given: string, root: string, ...options: string[]): Promise<string> {
  const time = given.match(TIME)!.at(-1)!;
  return airwaybill("plan", root, `--${form}`, "--time", time, ...options);
}

const permissions = ["clipboard-read", "clipboard-write"];

async function copied({ page: tab }: Visit): Promise<string> {
  await tab.locator("#report-markdown").click();
  await tab.getByText("copied").waitFor();
  return tab.evaluate(() => navigator.clipboard.readText());
}

async function downloaded({ page: tab }: Visit, form: string, name: string): Promise<string> {
  const saving = tab.waitForEvent("download");
  await tab.locator(`#report-${form}`).click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toBe(name);
  await tab.getByText(`downloaded as ${name}`).waitFor();
  return readFileSync(await saved.path(), "utf8");
}

describe("the same bytes as the command's", () => {
  const shown = async (visit: Visit) => void (await visit.page.locator("rp-plan-view [aria-busy=false] #headline").waitFor());
  const sources = [
    { what: "a folder", root: () => EXAMPLES, url: () => page, options: () => ["--base-url", server.url] },
    { what: "a server of signed releases", root: () => EXAMPLES, url: () => page, options: () => ["--base-url", server.url, "--generation", "1"] },
    { what: "a server of odd names", root: () => odd, url: () => `${oddServer.url}_preview/`, options: () => ["--base-url", oddServer.url, "--generation", "1", "--keep", "own.json"] },
  ];

  test.each(sources)("$what", async ({ what, root, url, options }) => {
    const visit = await Visit.open(browser, url(), { permissions });
    if (what === "a folder") {
      await visit.drop("main", root());
      await visit.page.getByText("Folder releases").waitFor();
    }
    await shown(visit);
    const markdown = await copied(visit);
    expect(markdown).toContain("| to | 1.0.1 |");
    expect(markdown).toBe(await printed("markdown", markdown, root(), "--from", "1.0.0", ...options()));
    for (const { form, name } of FORMS) {
      const text = await downloaded(visit, form, name);
      expect(text).toBe(await printed(form, text, root(), "--from", "1.0.0", ...options()));
    }
    await visit.end();
  });

  test("a candidate on top of the server's releases", async () => {
    const [given, both] = [scratch(), scratch()];
    writeTree(given, { "1.0.2/flash/main.py": "print(3)\n", "1.0.2/flash/lib/broken.py": "\0" });
    for (const root of [EXAMPLES, given]) cpSync(root, both, { recursive: true });
    const visit = await Visit.open(browser, page, { permissions });
    await shown(visit);
    await visit.drop("main", given);
    await visit.page.getByRole("button", { name: "Try it on top of this server's releases" }).click();
    await visit.page.getByText("to get to 1.0.2 candidate").waitFor();
    await shown(visit);
    const markdown = await copied(visit);
    expect(markdown).toContain("python_broken");
    expect(markdown).toBe(await printed("markdown", markdown, both, "--from", "1.0.1", "--base-url", server.url));
    await visit.end();
  });

  test.each([
    ["another device", "from=0.9.0", ["--from", "0.9.0"]],
    ["no version", "from=", []],
    ["an unknown version", "from=0.1", ["--from", "0.1"]],
    ["nothing to do", "from=1.0.1", ["--from", "1.0.1"]],
    ["another release", "from=0.9.0&to=1.0.0", ["--from", "0.9.0", "--to", "1.0.0"]],
    ["firmware alone", "from=1.0.1&firmware=1.0.0", ["--from", "1.0.1", "--firmware-version", "1.0.0"]],
    ["a downgrade", "from=1.0.1&to=1.0.0&downgrade=yes", ["--from", "1.0.1", "--to", "1.0.0", "--allow-downgrade"]],
    ["another order", "from=1.0.0&scheme=semver", ["--from", "1.0.0", "--scheme", "semver"]],
  ])("%s", async (_, view, options) => {
    const visit = await Visit.open(browser, `${oddServer.url}_preview/#${view}`, { permissions });
    await shown(visit);
    const text = await copied(visit);
    expect(text).toBe(await printed("markdown", text, odd, ...options, "--base-url", oddServer.url, "--generation", "1", "--keep", "own.json"));
    await visit.end();
  });
});

describe("what does not work is said", () => {
  test("an image that can no longer be read", async () => {
    const root = writeTree(scratch(), { "1.0.0/flash/main.py": "x", "firmware_1.0.0.bin": "image" });
    const own = await serve(root);
    const visit = await Visit.open(browser, `${own.url}_preview/`);
    await visit.page.locator("#headline").waitFor();
    await own.stop();
    await visit.page.locator("#report-csv").click();
    await visit.page.getByRole("alert").filter({ hasText: "No report:" }).waitFor();
    await visit.page.locator("#from").selectOption({ label: "1.0.0" });
    await visit.page.getByText("has nothing to do").waitFor();
    expect(await visit.page.getByRole("alert").filter({ hasText: "No report:" }).count(), "it was another plan's").toBe(0);
    await visit.end(/ERR_CONNECTION_REFUSED/);
  });

  test("a browser that copies nothing: it is downloaded", async () => {
    const visit = await Visit.to(browser, "about:blank");
    await visit.page.addInitScript(() => {
      Object.defineProperty(navigator, "clipboard", { value: undefined });
      document.execCommand = () => false;
    });
    await visit.page.goto(page);
    await visit.page.locator("#headline").waitFor();
    const saving = visit.page.waitForEvent("download");
    await visit.page.locator("#report-markdown").click();
    expect((await saving).suggestedFilename()).toBe("report-1.0.0-1.0.1.md");
    await visit.page.getByText("the browser did not allow copying; downloaded as report-1.0.0-1.0.1.md instead").waitFor();
    await visit.page.context().close();
  });
});

test("by keyboard, over plain HTTP, where browsers copy in the old way: what has the focus keeps it", async () => {
  const visit = await Visit.to(browser, "about:blank", { permissions });
  await visit.page.addInitScript(() => {
    const clipboard = navigator.clipboard;
    Object.assign(globalThis, { pasted: () => clipboard.readText() });
    Object.defineProperty(navigator, "clipboard", { value: undefined });
  });
  await visit.page.goto(page);
  const button = visit.page.getByRole("group", { name: "Report" }).getByRole("button", { name: "Copy as Markdown" });
  await button.focus();
  await visit.page.keyboard.press("Enter");
  await visit.page.locator("#report-said", { hasText: "copied" }).waitFor();
  expect(await visit.page.locator("#report-said").getAttribute("role")).toBe("status");
  expect(await visit.page.evaluate(() => (globalThis as unknown as { pasted(): Promise<string> }).pasted())).toContain("# A device on 1.0.0");
  await visit.page.keyboard.press("Tab");
  expect(await visit.page.getByRole("button", { name: "Download CSV" }).evaluate((element) => element.matches(":focus"))).toBe(true);
  await visit.page.context().close();
});

describe("the page to hand over", () => {
  let path: string;

  beforeAll(async () => {
    path = join(scratch(), "report.html");
    writeFileSync(path, await airwaybill("plan", odd, "--from", "1.0.0", "--html", "--time", "2026-11-27T10:00:00Z"));
  });

  test.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 360],
    ["dark", 360],
  ] as const)("%s, %i pixels wide", async (colorScheme, width) => {
    const visit = await Visit.to(browser, pathToFileURL(path).href, { colorScheme, viewport: { width, height: 900 } });
    const { page: tab } = visit;
    expect(await tab.title()).toBe("A device on 1.0.0 downloads 27 B to get to 1.0.1");
    expect(await tab.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await tab.getByRole("cell", { name: "flash/a|b`c` <i>&amp;.py", exact: true }).waitFor();
    expect(await violations(visit.value)).toBe("");
    await visit.shot(`report-${colorScheme}-${width}`, true);
    expect(visit.requests).toEqual([pathToFileURL(path).href]);
    expect(visit.complaints).toEqual([]);
    await tab.context().close();
  });
});

describe("in Firefox", () => {
  let firefox: Firefox;

  beforeAll(async () => {
    firefox = await Firefox.launch();
    await firefox.open(`${oddServer.url}_preview/`);
    await firefox.text("#headline", "to get to 1.0.1");
    // Above the buttons: they have their place now.
    await firefox.text("#verdict");
  });

  afterAll(() => firefox?.end(oddServer.url));

  const same = async (form: string, text: string) =>
    expect(text).toBe(await printed(form, text, odd, "--from", "1.0.0", "--base-url", oddServer.url, "--generation", "1", "--keep", "own.json"));

  test("it copies", async () => {
    await firefox.click("#report-markdown");
    await firefox.text("#report-said", "copied");
    await same("markdown", await firefox.clipboard());
  });

  test.each(FORMS)("it downloads $form", async ({ form, name }) => {
    const path = await firefox.download(() => firefox.click(`#report-${form}`));
    await firefox.text("#report-said", `downloaded as ${name}`);
    expect(path.endsWith(name)).toBe(true);
    await same(form, readFileSync(path, "utf8"));
    rmSync(path);
  });
});
