// The address names what is shown; Back and Forward go through it; the title says it.

import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { zipSync } from "fflate";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { scratch, writeTree } from "./support/tree.js";

const folder = scratch();
const archive = join(folder, "van.zip");
let browser: Browser;
let server: Server;
let page: string;

const zipped = (...texts: string[]) =>
  zipSync(Object.fromEntries(texts.map((text, index) => [`7.0.${index}/flash/main.py`, new TextEncoder().encode(text)])));

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), serve(EXAMPLES)]);
  page = `${server.url}_preview/`;
  writeFileSync(archive, zipped("old", "newer"));
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const read = (visit: Visit) => Promise.all(["#source", ".summary", ".grid", "form"].map((part) => visit.text(part)));

describe("a link made from", () => {
  test("a zip asks a colleague for it, and shows the same once it is given", async () => {
    const visit = await Visit.open(browser, page);
    await visit.pick("#open-zip", archive);
    await visit.page.getByText("A device on 7.0.0 downloads 5 B to get to 7.0.1").waitFor();
    await visit.page.locator("#filter").fill("main");
    const [shown, address] = [await read(visit), visit.page.url()];
    await visit.end();

    const colleague = await Visit.to(browser, address);
    const { page: tab } = colleague;
    await tab.getByText("This link shows the zip van.zip").waitFor();
    expect(await colleague.text("#source")).toBe("nothing open");
    expect(await tab.locator("rp-plan-view").count(), "nothing of the server is shown").toBe(0);
    expect(await tab.title()).toBe("van.zip · airwaybill");
    await colleague.shot("wanted");
    await colleague.pick("#open-zip", archive);
    await tab.getByText("A device on 7.0.0 downloads").waitFor();
    expect(await read(colleague)).toEqual(shown);
    expect(tab.url()).toBe(address);
    expect(await tab.locator("#other").count()).toBe(0);
    await colleague.end();
  });

  test("a zip says when it gets another one of that name", async () => {
    const visit = await Visit.open(browser, page);
    await visit.pick("#open-zip", archive);
    await visit.page.getByText("to get to 7.0.1").waitFor();
    const address = visit.page.url();
    await visit.end();
    const other = join(scratch(), "van.zip");
    writeFileSync(other, zipped("old", "something else"));
    const colleague = await Visit.to(browser, address);
    await colleague.pick("#open-zip", other);
    await colleague.page.getByText("This is another zip than that of the link: its content differs.").waitFor();
    await colleague.end();
  });

  test("a zip shows the server's releases to who has not got it, if they want", async () => {
    const colleague = await Visit.to(browser, `${page}#zip=van.zip&digest=0123456789ab&to=7.0.1&from=1.0.0`);
    await colleague.page.locator("#instead").click();
    await colleague.page.getByText("A device on 1.0.0 downloads 109 kB to get to 1.0.1").waitFor();
    expect(colleague.page.url()).toBe(`${page}#from=1.0.0`);
    await colleague.end();
  });

  test("a candidate tries the same folder the same way", async () => {
    const next = join(scratch(), "1.0.1");
    cpSync(join(EXAMPLES, "1.0.1"), next, { recursive: true });
    writeTree(next, { "flash/main.py": "print('next')\n" });
    const visit = await Visit.open(browser, page);
    await visit.drop("main", next);
    await visit.page.locator("#try").click();
    await visit.page.getByText("to get to 1.0.2 candidate").waitFor();
    const [shown, address] = [await read(visit), visit.page.url()];
    expect(address).toContain("as=1.0.2&on=server");
    await visit.end();
    const colleague = await Visit.to(browser, address);
    await colleague.page.getByText("This link shows the folder 1.0.1").waitFor();
    expect(await colleague.text("rp-wanted-view section")).toContain("as the release 1.0.2 on top of this server's releases");
    await colleague.drop("main", next);
    await colleague.page.getByText("to get to 1.0.2 candidate").waitFor();
    expect(await read(colleague)).toEqual(shown);
    await colleague.end();
  });
});

test("Back and Forward go through the views, and the title says which", async () => {
  const visit = await Visit.open(browser, page);
  const { page: tab } = visit;
  const host = new URL(page).host;
  const title = (text: string) => expect.poll(() => tab.title()).toBe(`${text} · airwaybill`);
  await tab.getByText("A device on 1.0.0 downloads").waitFor();
  await title(`Plan 1.0.0 → 1.0.1 · ${host}`);
  await tab.locator("#from").selectOption("");
  await title(`Plan no version → 1.0.1 · ${host}`);
  await tab.getByRole("tab", { name: "Matrix" }).click();
  await title(`Matrix · ${host}`);
  await tab.getByRole("tab", { name: "Releases" }).click();
  await title(`Releases · ${host}`);
  await visit.pick("#open-zip", archive);
  await title("Releases · van.zip");
  await tab.getByRole("tab", { name: "Plan" }).click();
  await tab.getByText("A device without a version downloads 5 B to get to 7.0.1").waitFor();
  // What is typed, sorted and chosen is no step.
  await tab.locator("#filter").pressSequentially("main");
  await tab.locator("#sort-size").click();
  await title("Plan no version → 7.0.1 · van.zip");

  const back = [
    ["Releases · van.zip", "Zip van.zip"],
    [`Releases · ${host}`, "This server"],
    [`Matrix · ${host}`, "This server"],
    [`Plan no version → 1.0.1 · ${host}`, "This server"],
  ] as const;
  for (const [text, source] of back) {
    await tab.goBack();
    await title(text);
    await tab.locator("#source", { hasText: source }).waitFor();
  }
  await tab.getByText("A device without a version downloads").waitFor();
  for (const [text, source] of [...back.slice(0, -1)].reverse()) {
    await tab.goForward();
    await title(text);
    await tab.locator("#source", { hasText: source }).waitFor();
  }
  await tab.goForward();
  await title("Plan no version → 7.0.1 · van.zip");
  expect(await tab.locator("#filter").inputValue()).toBe("main");
  expect(await tab.locator("#wanted").count(), "the zip is still at hand").toBe(0);
  await visit.end();
});

test("a cell of the matrix is a step, and Back returns to the matrix", async () => {
  const visit = await Visit.open(browser, `${page}#tab=matrix&from=1.0.0`);
  const { page: tab } = visit;
  await tab.getByRole("gridcell", { name: "no version to 1.0.0" }).click();
  await tab.getByText("A device without a version downloads").waitFor();
  await tab.goBack();
  await tab.getByRole("gridcell", { name: "no version to 1.0.0" }).waitFor();
  expect(await tab.locator("#from").inputValue()).toBe("1.0.0");
  await visit.end();
});
