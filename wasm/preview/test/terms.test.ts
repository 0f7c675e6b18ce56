// A question mark beside a term leads to the documentation, once it is clicked.

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { zipSync } from "fflate";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { documentation, terms } from "../src/texts/terms.js";
import { launch, Visit } from "./support/browser.js";
import { Firefox } from "./support/firefox.js";
import { EXAMPLES, TOP } from "./support/places.js";
import { airwaybill, serve, type Server } from "./support/server.js";
import { filesBelow, scratch } from "./support/tree.js";

let browser: Browser;
let server: Server;
let page: string;

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), serve(EXAMPLES, "--protect", "*.wav", "--ignore", "*.bak")]);
  page = `${server.url}_preview/`;
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test.each(Object.entries(terms))("the documentation has a heading for %s", (_, { place }) => {
  const [address, heading] = place.split("#") as [string, string];
  const built = readFileSync(join(TOP, "target/docs", address, "index.html"), "utf8");
  expect(built).toMatch(new RegExp(`<h[123] id="${heading}"`));
});

/** The terms that a view has a question mark for. */
const IN_VIEWS: [view: string, there: string, shown: (keyof typeof terms)[]][] = [
  ["", "#headline", ["target", "firmware", "scheme", "dstPaths", "ignored", "protected", "link", "check", "manifest", "protected"]],
  ["tab=manifest", "#base", ["target", "firmware", "scheme", "dstPaths", "ignored", "protected", "link", "baseUrl", "format"]],
  ["tab=releases", "#signed-title", ["target", "firmware", "scheme", "dstPaths", "ignored", "protected", "link", "waybill"]],
];

test.each(IN_VIEWS)("in Chromium: %s", async (view, there, shown) => {
  const visit = await Visit.open(browser, `${page}#from=1.0.0&${view}`);
  await visit.page.locator(there).waitFor();
  await visit.page.locator("#verdict, rp-manifest-view, rp-releases-view").first().waitFor();
  const links = visit.page.getByRole("link", { name: /^What “.*” means: the documentation, in a new tab$/ });
  const wanted = shown.map((term) => documentation + terms[term].place);
  await expect.poll(() => links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href).sort())).toEqual(wanted.sort());
  // Nothing is fetched of them: the visit would say so at its end.
  await visit.end();
});

test("beside patches, a candidate, and what is being copied", async () => {
  const root = scratch();
  cpSync(EXAMPLES, root, { recursive: true });
  await airwaybill("delta", root);
  const next = join(scratch(), "next.zip");
  writeFileSync(next, zipSync({ ...filesBelow(join(EXAMPLES, "1.0.1")), "flash/more.py": Buffer.from("print()\n") }));
  const [patched, copying] = await Promise.all([serve(root), serve(EXAMPLES, "--settle", "1000000000")]);
  const visit = await Visit.open(browser, `${patched.url}_preview/#from=1.0.0`);
  const mark = (term: keyof typeof terms) => visit.page.locator(`a.term[href="${documentation + terms[term].place}"]`).first();
  await mark("patches").waitFor();
  await visit.pick("#open-zip", next);
  await visit.page.locator("#try").click();
  await mark("candidate").waitFor();
  await visit.end();
  const other = await Visit.to(browser, `${copying.url}_preview/`);
  await other.page.locator(`#copying a.term[href="${documentation + terms.settled.place}"]`).waitFor();
  await other.end();
  await Promise.all([patched.stop(), copying.stop()]);
});

test("a click opens it in a new tab, and what is open stays", async () => {
  const visit = await Visit.open(browser, page);
  const { page: tab } = visit;
  await tab.context().route(`${documentation}**`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Documentation</title>" }));
  const opened = tab.context().waitForEvent("page");
  await tab.getByRole("link", { name: "What “version order” means" }).click();
  const documented = await opened;
  await documented.waitForURL(documentation + terms.scheme.place);
  expect(await documented.evaluate(() => [document.referrer, opener])).toEqual(["", null]);
  await documented.close();
  await tab.keyboard.press("Tab");
  expect(await visit.text("#headline")).toContain("A device on 1.0.0 downloads");
  expect(visit.requests.filter((url) => url.startsWith(documentation))).toEqual([documentation + terms.scheme.place.split("#")[0]]);
  await tab.context().close();
});

test("in Firefox they are there, and nothing is fetched of them until one is clicked", async () => {
  const firefox = await Firefox.launch();
  await firefox.open(page);
  await firefox.text("#verdict");
  for (const term of ["scheme", "link", "check", "manifest"] as const) {
    expect(await firefox.has(`a.term[href="${documentation + terms[term].place}"][target=_blank]`), term).toBe(true);
  }
  await firefox.replace(documentation);
  await firefox.click(`a.term[href="${documentation + terms.scheme.place}"]`);
  await expect.poll(() => firefox.answers, { timeout: 20_000 }).toContain(`200 ${documentation + terms.scheme.place}`);
  expect(await firefox.text("#headline"), "what is open stays").toContain("A device on 1.0.0 downloads");
  await firefox.end(server.url);
});
