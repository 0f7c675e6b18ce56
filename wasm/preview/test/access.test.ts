// axe finds nothing in what views come to show, beside looks.test.ts; the keyboard reaches everything.

import { appendFileSync, cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { violations } from "./support/axe.js";
import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { remove, SignedReleases } from "./support/signed.js";
import { scratch, writeTree } from "./support/tree.js";

let browser: Browser;
let server: Server;
let odd: Server;
let signed: string;
let found: Record<"error" | "warning" | "fine", Server>;

beforeAll(async () => {
  const root = writeTree(scratch(), { "docs/x": "x", "1.0/A.py": "x", "1.0/a.py": "y", "1.00/a.py": "y", "2.0/a.py": "z" });
  const key = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n";
  const good = { "1.0.0/flash/main.py": "import app\n", "1.0.0/flash/boot.py": "", "1.0.1/flash/boot.py": "" };
  const warning = { ...good, "1.0.1/flash/main.py": "import app\r\n", "1.0.1/flash/certificates/device.key": key, "1.0.1/flash/.git/config": "" };
  const broken = { "1.0.1/flash/lib/a.py": "\0", "1.0.1/flash/lib/a_module_with_a_long_name.py": "\0", "1.0.1/flash/.env": "A=1" };
  const accept = "[[accept]]\ncode = 'secret_file'\npath = '.env'\nreason = 'a template, without values'\n";
  const error = { ...good, ...broken, "1.0.1/flash/certificates/device.key": key, "check.toml": accept };
  [browser, server, odd] = await Promise.all([launch(), serve(EXAMPLES), serve(root, "--protect", "A.py")]);
  signed = new SignedReleases().copy("signed");
  writeFileSync(join(signed, "1.0.1/flash/main.py"), "changed");
  remove(signed, "1.0.0.waybill");
  found = { error: await serve(writeTree(scratch(), error)), warning: await serve(writeTree(scratch(), warning)), fine: server };
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([server, odd, ...Object.values(found ?? {})].map((server) => server?.stop()));
});

const LOOKS = [
  { name: "light", colorScheme: "light", viewport: { width: 1280, height: 900 } },
  { name: "narrow-dark", colorScheme: "dark", viewport: { width: 360, height: 740 } },
] as const;

test("in high contrast the chosen tab, row and kind, the bars and the heat map are seen", async () => {
  const visit = await Visit.open(browser, `${server.url}_preview/#from=1.0.0&file=flash%2Fmain.py`, { forcedColors: "active" });
  const { page } = visit;
  const style = (selector: string, property: string) =>
    page.locator(selector).first().evaluate((element, property) => getComputedStyle(element).getPropertyValue(property), property);
  await page.locator("rp-file-detail dl").waitFor();
  expect(await violations(visit.value)).toBe("");
  await visit.shot("plan-high-contrast");
  const canvas = await style("rp-share-bar ol", "background-color");
  for (const [chosen, other, property] of [
    ["#tab-plan", "#tab-matrix", "border-bottom-color"],
    ["#kind-new", "#kind-same", "border-top-color"],
    [".item[aria-selected=true]", ".item[aria-selected=false]", "outline-style"],
    [".part.flash", ".part.update", "background-color"],
    [".dot.flash", ".dot.update", "background-color"],
  ] as const) {
    expect(await style(chosen, property), chosen).not.toBe(await style(other, property));
    expect(await style(chosen, property), chosen).not.toBe(canvas);
  }
  await page.getByRole("tab", { name: "Matrix" }).click();
  await page.locator("rp-matrix-view .ramp").waitFor();
  expect(await style("#cell-0-0", "background-color")).not.toBe(await style("#cell-1-1", "background-color"));
  expect(await style(".ramp", "background-image")).toContain("gradient");
  expect(await violations(visit.value)).toBe("");
  await visit.shot("matrix-high-contrast");
  await visit.end();
});

describe.each(LOOKS)("$name", ({ name, colorScheme, viewport }) => {
  const look = { colorScheme, viewport };

  test.each(["error", "warning", "fine"] as const)("before it goes out: %s", async (level) => {
    const visit = await Visit.open(browser, `${found[level].url}_preview/`, look);
    const { page } = visit;
    await page.locator(`rp-findings-view section.${level}`).waitFor();
    expect(await violations(visit.value)).toBe("");
    for (const fold of await page.locator("rp-findings-view summary").all()) await fold.click();
    expect(await violations(visit.value)).toBe("");
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wide, "no scrolling sideways").toBeLessThanOrEqual(0);
    await page.locator("rp-source-bar").scrollIntoViewIfNeeded();
    await visit.shot(`findings-${level}-${name}`, true);
    await visit.end();
  });

  test("who signed it", async () => {
    const visit = await Visit.open(browser, `${server.url}_preview/`, look);
    const { page } = visit;
    await visit.pick("#open-folder", signed);
    await page.locator("#signed").waitFor();
    expect(await violations(visit.value)).toBe("");
    await visit.shot(`signed-plan-${name}`, viewport.width < 900);
    await page.getByRole("tab", { name: "Releases" }).click();
    await page.locator("#signed-title").waitFor();
    expect(await violations(visit.value)).toBe("");
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wide, "no scrolling sideways").toBeLessThanOrEqual(0);
    await visit.shot(`signed-${name}`, viewport.width < 900);
    await visit.end();
  });

  test("what was given", async () => {
    const root = scratch();
    cpSync(EXAMPLES, root, { recursive: true });
    const own = await serve(root);
    const visit = await Visit.open(browser, `${own.url}_preview/`, look);
    const { page } = visit;
    const expectFine = async (state: string, there: string) => {
      await page.locator(there).first().waitFor();
      expect(await violations(visit.value), state).toBe("");
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wide, `no scrolling sideways: ${state}`).toBeLessThanOrEqual(0);
      await page.evaluate(() => scrollTo(0, 0));
      await visit.shot(`${state}-${name}`);
    };
    await page.locator("#headline").waitFor();
    const project = scratch();
    cpSync(EXAMPLES, join(project, "a_long_name_of_a_project/releases"), { recursive: true });
    await visit.drop("main", project);
    await expectFine("given-inside", ".inside");
    const next = join(scratch(), "1.0.1");
    cpSync(join(EXAMPLES, "1.0.1"), next, { recursive: true });
    appendFileSync(join(next, "flash/main.py"), "print('the next one')\n");
    await visit.drop("main", next);
    await expectFine("given-release", "#as");
    await page.locator("#try").click();
    await expectFine("given-candidate", "#headline .candidate");
    const address = page.url();
    for (const [tab, there] of [["Matrix", "rp-matrix-view .ramp"], ["Releases", "rp-releases-view .candidate"], ["Plan", "#headline"]] as const) {
      await page.getByRole("tab", { name: tab }).click();
      await expectFine(`given-candidate-${tab.toLowerCase()}`, there);
    }
    writeTree(root, { "1.1.0/flash/main.py": "print()\n" });
    await expectFine("given-stale", "#stale");
    await page.evaluate(() => Object.defineProperty(File.prototype, "webkitRelativePath", { get: () => "" }));
    await visit.pick("#open-folder", next);
    await expectFine("given-no-folder", "#no-folder");
    await page.goto("about:blank");
    await page.goto(address);
    await expectFine("given-wanted", "#wanted");
    await visit.end();
    await own.stop();
  });

  test("what is being copied", async () => {
    const own = await serve(EXAMPLES, "--settle", "1000000000");
    const visit = await Visit.open(browser, `${own.url}_preview/`, look);
    await visit.page.locator("#copying").waitFor();
    expect(await violations(visit.value)).toBe("");
    await visit.shot(`copying-${name}`);
    await visit.end();
    await own.stop();
  });

  test("notices, nothing to do, errors, results", async () => {
    const visit = await Visit.open(browser, `${odd.url}_preview/#tab=releases&from=1.00`, look);
    const { page } = visit;
    await page.locator("rp-releases-view li").first().waitFor();
    expect(await violations(visit.value)).toBe("");
    await page.locator("#from").selectOption("2.0");
    await page.getByRole("tab", { name: "Plan" }).click();
    await page.getByText("has nothing to do").waitFor();
    expect(await violations(visit.value)).toBe("");
    await visit.shot(`nothing-${name}`);
    await page.locator("#to").selectOption("1.00");
    await page.locator("#from").selectOption({ label: "another version …" });
    await page.locator("#from-typed").fill("?");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    expect(await violations(visit.value)).toBe("");
    const listing = join(scratch(), "device.json");
    writeFileSync(listing, JSON.stringify([{ path: "a.py", size: 1, sha1: "0".repeat(40) }]));
    await page.getByRole("tab", { name: "Check" }).click();
    await visit.pick("text=choose a listing", listing);
    await page.locator("#check-result").waitFor();
    expect(await violations(visit.value)).toBe("");
    await visit.shot(`check-result-${name}`);
    await visit.end();
  });
});

test("the keyboard goes from the first control to the last", async () => {
  const visit = await Visit.open(browser, `${server.url}_preview/#from=1.0.0`);
  const { page } = visit;
  await page.locator("#headline").waitFor();
  await page.locator("#verdict").waitFor();
  const seen: string[] = [];
  for (let step = 0; step < 40; step += 1) {
    await page.keyboard.press("Tab");
    const name = await page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      return element === null || element === document.body ? "" : element.id || element.classList[0] || element.tagName;
    });
    if (name === "") break;
    seen.push(name);
  }
  expect(seen).toEqual([
    "open-server", "open-folder", "open-zip", "from", "term", "to", "term", "firmware", "downgrade", "term", "loose", "term", "relative", "link",
    "figure-0", "figure-1", "figure-2", "term", "tab-plan", "term", "term", "report-markdown", "report-csv", "report-html",
    "filter", "kind-delete", "kind-new", "kind-update", "kind-flash", "kind-same", "as-list", "as-tree",
    "grid", "sort-kind", "sort-path", "sort-size", "sort-change",
  ]);
  // The table is sorted by its headers, and its rows keep to their own keys.
  const sorted = () => page.getByRole("columnheader", { name: "Size" }).getAttribute("aria-sort");
  const first = () => page.locator(".item .path").first().textContent();
  expect(await sorted()).toBe("none");
  await page.locator(".grid").focus();
  for (let step = 0; step < 3; step += 1) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  expect([await sorted(), await first()]).toEqual(["descending", "firmware_1.0.1.bin"]);
  await page.keyboard.press("Space");
  expect([await sorted(), await first()]).toEqual(["ascending", "sd/some_asset.txt"]);
  await page.keyboard.press("ArrowDown");
  expect(await page.locator(".item.active").getAttribute("aria-rowindex")).toBe("2");
  expect(await page.locator("rp-file-detail").isHidden()).toBe(true);
  await page.locator("#tab-plan").focus();
  await page.keyboard.press("ArrowRight");
  await page.locator("rp-matrix-view").waitFor();
  await page.keyboard.press("End");
  await page.locator("rp-releases-view").waitFor();
  await page.keyboard.press("ArrowRight");
  await page.locator("rp-plan-view").waitFor();
  await visit.end();
});
