// What is shown belongs together, however late an answer comes.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { zipSync } from "fflate";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { scratch, writeTree } from "./support/tree.js";

let browser: Browser;
let server: Server;
let page: string;
const folder = scratch();

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), serve(EXAMPLES)]);
  page = `${server.url}_preview/`;
  for (const version of ["8", "9"]) {
    const file = (text: string) => new TextEncoder().encode(text);
    const content = zipSync({ [`${version}.0.0/main.py`]: file("old"), [`${version}.0.1/main.py`]: file(`new in ${version}`) });
    writeFileSync(join(folder, `${version}.zip`), content);
  }
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test("the numbers stand beside the device that they are for", async () => {
  const visit = await Visit.open(browser, page);
  const { page: tab } = visit;
  await tab.locator("#download", { hasText: /manifest \d/ }).waitFor();
  const before = await visit.text(".summary");
  expect(before).toContain("A device on 1.0.0 downloads 109 kB");
  const busy = () => tab.locator(".summary").getAttribute("aria-busy");
  expect(await busy()).toBe("false");
  await visit.hold();
  await tab.locator("#from").selectOption("");
  await visit.said("rows");
  expect(await visit.text(".summary")).toBe(before);
  expect(await busy()).toBe("true");
  await visit.release();
  await tab.getByText("A device without a version downloads").waitFor();
  expect(await visit.text("#new")).toBe("5");
  expect(await busy()).toBe("false");

  // The answer to the later of two questions is shown, and no other in between.
  await visit.hold();
  await tab.locator("#from").selectOption("1.0.1");
  await tab.locator("#from").selectOption("1.0.0");
  await visit.said("rows", 2);
  await visit.release("rows");
  expect(await visit.text("#headline")).toContain("A device without a version");
  expect(await busy()).toBe("true");
  await visit.release();
  await tab.getByText("A device on 1.0.0 downloads 109 kB").waitFor();
  await visit.end();
});

test("a manifest is not taken away while a newer one is awaited", async () => {
  const visit = await Visit.open(browser, `${page}#tab=manifest&from=1.0.0`);
  const { page: tab } = visit;
  await tab.locator("#compare:enabled").waitFor();
  await visit.hold();
  await tab.locator("#from").selectOption("");
  await visit.said("text");
  for (const button of ["copy", "save", "compare"]) expect(await tab.locator(`#${button}`).isDisabled(), button).toBe(true);
  await visit.release();
  await tab.locator("#copy:enabled").waitFor();
  await visit.end();
});

test("a comparison that comes late does not stand over another manifest", async () => {
  const visit = await Visit.open(browser, `${page}#tab=manifest&from=1.0.0`);
  const { page: tab } = visit;
  await tab.locator("#compare:enabled").waitFor();
  await visit.hold();
  await tab.locator("#compare").click();
  await visit.said("url");
  await tab.locator("#from").selectOption("");
  await visit.said("rows");
  await visit.release();
  await tab.locator(".line .content", { hasText: '"previous_version": null' }).waitFor();
  expect(await tab.locator("#compared").count()).toBe(0);
  await visit.end();
});

test("cancelled too late, the name is that of the releases shown", async () => {
  const visit = await Visit.open(browser, `${page}#from=`);
  const { page: tab } = visit;
  await tab.getByText("to get to 1.0.1").waitFor();
  await visit.hold();
  await visit.pick("#open-zip", join(folder, "9.zip"));
  await visit.said("releases");
  await tab.locator("#cancel").click();
  await visit.release();
  await tab.getByText("to get to 9.0.1").waitFor();
  expect(await visit.text("#source")).toContain("Zip 9.zip");
  expect(await tab.locator("#to").innerText()).toContain("highest (9.0.1)");
  expect(await tab.locator("#cancel").count()).toBe(0);
  await visit.end();
});

test("a second source keeps its progress and its cancel button when the first is done", async () => {
  const visit = await Visit.open(browser, `${page}#from=`);
  const { page: tab } = visit;
  await tab.getByText("to get to 1.0.1").waitFor();
  await visit.hold();
  await visit.pick("#open-zip", join(folder, "8.zip"));
  await visit.said("releases");
  await visit.pick("#open-zip", join(folder, "9.zip"));
  await visit.said("releases", 2);
  await visit.release("releases");
  await tab.locator("#cancel").waitFor();
  await tab.locator("progress").waitFor();
  await visit.release();
  await tab.getByText("to get to 9.0.1").waitFor();
  expect(await visit.text("#source")).toContain("Zip 9.zip");
  expect(await tab.locator("#cancel").count()).toBe(0);
  await visit.end();
});

test("another version order applies to everything, whatever is chosen in between", async () => {
  const root = writeTree(scratch(), { "1.0.0-rc.1/main.py": "candidate", "1.0.0/main.py": "final", "0.9.0/main.py": "old" });
  const own = await serve(root);
  const visit = await Visit.open(browser, `${own.url}_preview/#from=0.9.0`);
  const { page: tab } = visit;
  await tab.getByText("to get to 1.0.0-rc.1").waitFor();
  await visit.hold();
  await tab.getByLabel("SemVer").check();
  await visit.said("releases");
  expect(await tab.locator(".summary").getAttribute("aria-busy")).toBe("true");
  await tab.locator("#from").selectOption("");
  await visit.said("rows");
  await visit.release();
  await tab.getByText("A device without a version downloads 5 B to get to 1.0.0").waitFor();
  expect(await tab.locator("#to").innerText()).toContain("highest (1.0.0)");
  await tab.getByRole("tab", { name: "Matrix" }).click();
  await tab.getByText("Largest downloads to 1.0.0, from").waitFor();
  expect(await tab.getByRole("columnheader").allInnerTexts()).toEqual(["device on", "1.0.0", "1.0.0-rc.1", "0.9.0"]);
  await tab.getByLabel("loose").check();
  await tab.getByText("Largest downloads to 1.0.0-rc.1, from").waitFor();
  // A source that is opened while the order changes is sorted in the new one.
  await visit.hold();
  await tab.locator("#open-server").click();
  await visit.said("releases");
  await tab.getByLabel("SemVer").check();
  await visit.said("releases", 2);
  await visit.release();
  await tab.getByText("Largest downloads to 1.0.0, from").waitFor();
  await visit.end();
  await own.stop();
});

test("an address that names no device shows the usual one", async () => {
  const visit = await Visit.open(browser, `${page}#from=&to=1.0.0`);
  const { page: tab } = visit;
  await tab.getByText("A device without a version").waitFor();
  await tab.evaluate(() => (location.hash = "#tab=plan"));
  await tab.getByText("A device on 1.0.0 downloads 109 kB").waitFor();
  await visit.end();
});

test("the workers end with the element, and what is open moves with it", async () => {
  const visit = await Visit.open(browser, page);
  const { page: tab } = visit;
  await visit.pick("#open-zip", join(folder, "9.zip"));
  await tab.getByText("Zip 9.zip").waitFor();
  await tab.evaluate(() => document.body.appendChild(document.createElement("div")).append(document.querySelector("release-preview")!));
  await tab.locator("#from").selectOption("");
  await tab.getByText("A device without a version downloads 8 B to get to 9.0.1").waitFor();
  expect(tab.workers().length).toBe(1);
  await tab.evaluate(() => {
    const preview = document.querySelector("release-preview")!;
    Object.assign(globalThis, { preview });
    preview.remove();
  });
  await expect.poll(() => tab.workers().length).toBe(0);
  await tab.evaluate(() => document.body.append((globalThis as unknown as { preview: Node }).preview));
  // What was given is gone with the worker, and asked for.
  await tab.getByText("This link shows the zip 9.zip").waitFor();
  await tab.locator("#instead").click();
  await tab.getByText("This server").waitFor();
  await tab.getByText("A device without a version").waitFor();
  await visit.end();
});
