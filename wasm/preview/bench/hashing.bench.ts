// How fast the page hashes a folder, as a ratio to the package by itself in the same browser.

import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { launch, Visit } from "../test/support/browser.js";
import { keep } from "../test/support/figures.js";
import { PACKAGE } from "../test/support/places.js";
import { serve } from "../test/support/server.js";
import { manyFiles, scratch, writeTree } from "../test/support/tree.js";

const FILES = 10_000;

test("hashing through the page", async () => {
  const browser = await launch();
  const own = writeTree(scratch(), {
    "alone.html": `<!doctype html><link rel="icon" href="data:,"><title>Alone</title>
      <input id="folder" type="file" webkitdirectory><output></output><script type="module" src="alone.js"></script>`,
    "alone.js": `import { hashFiles } from "./package/index.js";
      document.querySelector("#folder").addEventListener("change", async (event) => {
        const began = performance.now();
        const listing = await hashFiles(event.target.files);
        const took = performance.now() - began;
        const files = listing.filter((entry) => entry.sha1 !== undefined).length;
        document.querySelector("output").textContent = JSON.stringify({ files, took });
      });
      document.title = "Ready";`,
  });
  cpSync(PACKAGE, join(own, "package"), { recursive: true });
  const near = await serve(own, "--serve-other");
  const folder = manyFiles(scratch(), ["1.0.0"], FILES);

  /** The package by itself, from the choice of the folder to the listing. */
  async function alone(): Promise<number> {
    const visit = await Visit.to(browser, `${near.url}alone.html`);
    await visit.page.waitForFunction(() => document.title === "Ready");
    await visit.pick("#folder", folder);
    await visit.page.waitForFunction(() => document.querySelector("output")!.textContent !== "");
    const { files, took } = JSON.parse(await visit.text("output")) as { files: number; took: number };
    expect(files).toBe(FILES);
    await visit.end();
    return took;
  }

  /** The page, from the choice of the folder until it says what is open. */
  async function through(): Promise<number> {
    const visit = await Visit.open(browser, `${near.url}_preview/`);
    const { page: tab } = visit;
    await visit.settled();
    await tab.evaluate(() => {
      const bar = document.querySelector("release-preview")!.shadowRoot!.querySelector("rp-source-bar")!.shadowRoot!;
      const took = new Promise<number>((resolve) => {
        bar.querySelector("#folder")!.addEventListener("change", () => {
          const began = performance.now();
          new MutationObserver(() => {
            if (bar.querySelector("#source")!.textContent!.includes("Folder")) resolve(performance.now() - began);
          }).observe(bar, { childList: true, subtree: true, characterData: true });
        });
      });
      Object.assign(globalThis, { took });
    });
    await visit.pick("#open-folder", folder);
    const took = await tab.evaluate(() => (globalThis as unknown as { took: Promise<number> }).took);
    expect(await visit.text("#source")).toContain("10,000 files, 41.0 MB");
    await visit.end();
    return took;
  }

  const times: { bare: number; page: number }[] = [];
  for (let round = 0; round < 5; round += 1) {
    // What comes second finds a warmer browser.
    if (round % 2 === 0) times.push({ page: await through(), bare: await alone() });
    else times.push({ bare: await alone(), page: await through() });
  }
  keep("hashing", times.map((time) => time.page), times.map((time) => time.bare));
  await browser.close();
  await near.stop();
  for (const path of [own, folder]) rmSync(path, { recursive: true, force: true });
}, 400_000);
