// One file of a plan: both sides as the engine knows them, and no more.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { serve } from "./support/server.js";
import { scratch, writeTree } from "./support/tree.js";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser?.close());

/** What the page says of a file of the plan. */
async function said(visit: Visit, path: string): Promise<string> {
  await visit.page.locator(".item", { hasText: path }).click();
  await visit.page.getByRole("heading", { name: path }).waitFor();
  await visit.page.locator("rp-file-detail dl").waitFor();
  return visit.text("rp-file-detail section");
}

test("a protected file shows what the releases have, and that no update touches it", async () => {
  const root = writeTree(scratch(), {
    "1.0.0/boot.py": "old boot",
    "1.0.0/gone.py": "is not in the target",
    "1.0.0/kept.py": "the same",
    "1.0.0/main.py": "old",
    "1.0.1/boot.py": "new boot, longer",
    "1.0.1/fresh.py": "is new in the target",
    "1.0.1/kept.py": "the same",
    "1.0.1/main.py": "new",
  });
  const own = await serve(root, ...["boot.py", "gone.py", "fresh.py", "kept.py"].flatMap((glob) => ["--protect", glob]));
  const visit = await Visit.open(browser, `${own.url}_preview/#from=1.0.0&kinds=protected+same+delete+new+update`);
  const { page: tab } = visit;
  await tab.locator(".item").first().waitFor();
  const rows = (await tab.locator(".item").allInnerTexts()).map((row) => row.split(/\s+/).join(" "));
  expect(rows).toEqual([
    "•protected boot.py —",
    "•protected fresh.py —",
    "•protected gone.py —",
    "•protected kept.py —",
    "~update main.py 3 B ±0 B",
  ]);
  expect(await visit.text("#unchanged")).toBe("0 4 protected");
  const sides: [string, RegExp][] = [
    ["boot.py", /In 1\.0\.0 8 B [0-9a-f]{40} In 1\.0\.1 16 B [0-9a-f]{40}/],
    ["fresh.py", /In 1\.0\.0 no such file In 1\.0\.1 20 B [0-9a-f]{40}/],
    ["gone.py", /In 1\.0\.0 20 B [0-9a-f]{40} In 1\.0\.1 no such file/],
    ["kept.py", /In 1\.0\.0 8 B [0-9a-f]{40} In 1\.0\.1 8 B [0-9a-f]{40}/],
  ];
  for (const [path, has] of sides) {
    const text = await said(visit, path);
    expect(text).toContain("no update adds, changes or deletes this file. What the device has under this name is not known");
    expect(text).toMatch(has);
    expect(text).not.toMatch(/On the device|After the update/);
  }
  expect(await said(visit, "main.py")).toMatch(/On the device 3 B [0-9a-f]{40} After the update 3 B/);

  // A full install does not touch them either.
  await tab.locator("#from").selectOption("");
  await tab.getByText("A device without a version downloads 3 B").waitFor();
  expect(await said(visit, "boot.py")).toMatch(/not known here\. In 1\.0\.1 16 B/);
  await tab.locator("#from").selectOption("1.0.1");
  await tab.getByText("Files: it is on the highest release, 1.0.1, already.").waitFor();
  await visit.end();
  await own.stop();
});

test("for a release that the engine does not know, the device's files are unknown", async () => {
  const root = writeTree(scratch(), {
    "1.1/bad\\name.py": "refused",
    "1.1/main.py": "refused with its release",
    "2.0/main.py": "new",
  });
  const own = await serve(root);
  for (const version of ["1.1", "1.5"]) {
    const visit = await Visit.open(browser, `${own.url}_preview/#from=${version}`);
    const { page: tab } = visit;
    await tab.getByText(`A device on ${version} downloads 3 B to get to 2.0`).waitFor();
    expect(await visit.text(".summary")).toContain("Its release is not available here, so every file is new and none is deleted.");
    expect(await said(visit, "main.py")).toMatch(/On the device unknown: its release is not available here After the update 3 B/);
    expect(await visit.text("rp-file-detail section")).toContain("nothing to compare with");
    await visit.end();
  }
  const visit = await Visit.open(browser, `${own.url}_preview/#from=3.0&file=main.py`);
  await visit.page.getByText("A device on 3.0 has nothing to do").waitFor();
  expect(await visit.text(".grid")).toContain("The device's files are not known");
  expect(await visit.text("rp-file-detail dl")).not.toContain("no such file");
  await visit.end();
  await own.stop();
});

test("a device whose version equals a release has the files of that release", async () => {
  const root = writeTree(scratch(), { "1.0.0/main.py": "one", "1.0.1/main.py": "three" });
  const own = await serve(root);
  const visit = await Visit.open(browser, `${own.url}_preview/#from=v1.0.0`);
  await visit.page.getByText("A device on v1.0.0 downloads 5 B to get to 1.0.1").waitFor();
  expect(await visit.text(".summary")).not.toContain("not available here");
  expect(await said(visit, "main.py")).toMatch(/On the device 3 B.* After the update 5 B/);
  expect(await visit.text("rp-file-detail section")).toContain("1 line added 1 line removed");
  await visit.end();
  await own.stop();
});

test("a release that still changes tells what a device on it has", async () => {
  const root = writeTree(scratch(), { "1.0.0/main.py": "one", "1.0.1/lib.py": "gone", "1.0.1/main.py": "two" });
  const own = await serve(root);
  const visit = await Visit.open(browser, `${own.url}_preview/#from=1.0.1&to=1.0.0&downgrade=yes`);
  const { page: tab } = visit;
  await tab.getByText("to get to 1.0.0").waitFor();
  // The server says so of a release that is being copied in.
  await tab.route("**/_preview/listing.json", async (route) => {
    const document = (await (await route.fetch()).json()) as { options: { unsettled: string[] } };
    document.options.unsettled = ["1.0.1"];
    await route.fulfill({ json: document });
  });
  await tab.locator("#open-server").click();
  await tab.locator("#from option", { hasText: "1.0.1 (still changing)" }).waitFor({ state: "attached" });
  await tab.locator("#deleted", { hasText: "1" }).waitFor();
  expect(await said(visit, "main.py")).toMatch(/On the device 3 B [0-9a-f]{40} After the update 3 B [0-9a-f]{40}/);
  expect(await said(visit, "lib.py")).toMatch(/On the device 4 B [0-9a-f]{40} After the update no such file/);
  await visit.end();
  await own.stop();
});

test("a content that cannot be had is said to be missing, with what to do", async () => {
  const root = writeTree(scratch(), { "1.0.0/main.py": "one\n", "1.0.1/main.py": "two\n", "1.0.1/lib.py": "new\n" });
  const own = await serve(root);
  const visit = await Visit.open(browser, `${own.url}_preview/`);
  const { page: tab } = visit;
  await tab.locator(".item").first().waitFor();
  await visit.settled();

  // Another content than the one that was listed is not shown as if it were that.
  const etag = async () => (await fetch(`${own.url}_preview/listing.json`)).headers.get("etag");
  const listed = await etag();
  writeFileSync(join(root, "1.0.1/main.py"), "something else by now\n");
  await expect.poll(etag, { timeout: 20_000 }).not.toBe(listed);
  const text = await said(visit, "main.py");
  expect(text).toMatch(/After the update 4 B [0-9a-f]{40}/);
  expect(text).toContain("1.0.1/main.py has changed since it was listed. Open the releases again.");
  expect(await tab.locator("rp-file-detail rp-code-lines").count()).toBe(0);

  await own.stop();
  expect(await said(visit, "lib.py")).toMatch(/After the update 4 B/);
  expect(await tab.getByRole("alert").innerText()).toContain("the server does not respond; is it running, and are you on its network?");
  await visit.end(/ERR_CONNECTION_REFUSED/);
});

test("a folder whose file has gone since says so", async () => {
  const root = writeTree(scratch(), { "1.0.0/main.py": "one", "1.0.1/main.py": "two" });
  const own = await serve(EXAMPLES);
  const visit = await Visit.open(browser, `${own.url}_preview/`);
  await visit.pick("#open-folder", root);
  await visit.page.getByText("Folder airwaybill-preview").waitFor();
  writeFileSync(join(root, "1.0.1/main.py"), "three, and longer");
  expect(await said(visit, "main.py")).toContain("1.0.1/main.py can no longer be read. Open the releases again.");
  await visit.end();
  await own.stop();
});
