// The files of a plan, in both browsers: the tree, what is moved, the firmware, and one file after the other.

import { createHash } from "node:crypto";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { violations } from "./support/axe.js";
import { launch, Visit } from "./support/browser.js";
import { serve, type Server } from "./support/server.js";
import { BROWSERS, type Key, type Tab } from "./support/tabs.js";
import { scratch, writeTree } from "./support/tree.js";

const numbered = (count: number, line = (number: number) => `line ${number}`) => Array.from({ length: count }, (_, index) => `${line(index + 1)}\n`).join("");
const IMAGE = "the new image";
const FILES = {
  "0.9.0/flash/main.py": "print(0)\n",
  "1.0.0/flash/ends.py": "a = 1\r\nb = 2\r\n",
  "1.0.0/flash/lib/long.py": numbered(60),
  "1.0.0/flash/lib/same.py": "stays\n",
  "1.0.0/flash/main.py": "speed = 10\n",
  "1.0.0/flash/old/util.py": "def util(): pass\n",
  "1.0.0/flash/space.py": "if a:\n  b()\n",
  "1.0.1/flash/ends.py": "a = 1\nb = 2",
  "1.0.1/flash/lib/long.py": numbered(60, (number) => (number === 20 ? "line twenty" : number === 50 ? "line  50" : `line ${number}`)),
  "1.0.1/flash/lib/same.py": "stays\n",
  "1.0.1/flash/lib/util.py": "def util(): pass\n",
  "1.0.1/flash/main.py": "speed = 20\n",
  "1.0.1/flash/space.py": "if a:\n    b()\n",
  "firmware_1.0.0.bin": "image",
  "firmware_1.0.1.bin": IMAGE,
};

let server: Server;

beforeAll(async () => {
  server = await serve(writeTree(scratch(), FILES));
});

afterAll(() => server?.stop());

/** Browsers differ in the white space between cells. */
const squeezed = (text: string) => text.replace(/\s+/g, "");
const hash = (algorithm: string, text: string) => createHash(algorithm).update(text).digest("hex");

describe.each(BROWSERS)("in $name", ({ start }) => {
  let tab: Tab;

  beforeAll(async () => {
    tab = await start();
  });

  afterAll(() => tab?.end(server.url));

  const open = async (view: string, width = 1280) => {
    await tab.open(`${server.url}_preview/#${view}`, { width, height: 900 });
    // Above the files: they have their place now.
    await tab.text("#verdict");
  };
  /** What the address says of the view. */
  const address = async (name: string) => new URLSearchParams(await tab.value("location.hash.slice(1)")).get(name);
  const says = (selector: string, text: string) =>
    expect.poll(async () => squeezed(await tab.text(selector)), { timeout: 20_000 }).toContain(squeezed(text));
  const has = (selector: string) => expect.poll(() => tab.has(selector), { timeout: 20_000, message: selector }).toBe(true);
  /** The lines of the tree, by name: their levels, and whether they are open. */
  const lines = async (...expected: [name: string, level: number, isOpen?: boolean][]) => {
    for (const [index, [name, level, isOpen]] of expected.entries()) {
      await has(`[role=treegrid] #row-${index}[aria-level="${level}"]${isOpen === undefined ? ":not([aria-expanded])" : `[aria-expanded="${isOpen}"]`}`);
      await says(`#row-${index}`, name);
    }
    expect(await tab.has(`#row-${expected.length}`)).toBe(false);
  };
  const press = async (...keys: Key[]) => {
    for (const key of keys) await tab.press(key);
  };

  test("the tree has sums, and opens and closes by mouse and keyboard", async () => {
    await open("from=1.0.0");
    await says("#row-0", "↯ flash firmware_1.0.1.bin 13 B +8 B");
    expect(await tab.has("[role=grid] [aria-level]")).toBe(false);
    await tab.click("#as-tree");
    await lines(
      ["6 files flash/ −1 delete +1 new ~4 update 529 B +4 B", 1, true],
      ["2 files lib/ +1 new ~1 update 493 B +22 B", 2, true],
      ["~ update long.py 476 B +5 B", 3],
      ["+ new util.py moved from flash/old/util.py 17 B +17 B", 3],
      ["1 file old/ −1 delete 0 B −17 B", 2, true],
      ["− delete util.py moved to flash/lib/util.py 17 B −17 B", 3],
      ["~ update ends.py 11 B −3 B", 2],
      ["~ update main.py 11 B ±0 B", 2],
      ["~ update space.py 14 B +2 B", 2],
      ["↯ flash firmware_1.0.1.bin 13 B +8 B", 1],
    );
    await tab.shot("tree");
    await expect.poll(() => address("files")).toBe("tree");

    await tab.click("#row-4");
    await lines(["flash/", 1, true], ["lib/", 2, true], ["long.py", 3], ["util.py", 3], ["old/", 2, false], ["ends.py", 2], ["main.py", 2], ["space.py", 2], ["firmware", 1]);
    await press("ArrowUp", "ArrowLeft");
    await has("#row-1.active");
    await press("ArrowLeft");
    await lines(["flash/", 1, true], ["lib/", 2, false], ["old/", 2, false], ["ends.py", 2], ["main.py", 2], ["space.py", 2], ["firmware", 1]);
    await press("ArrowRight", "ArrowRight");
    await has("#row-2.active");
    await press("Enter");
    await says("rp-file-detail >> h2", "flash/lib/long.py");
    await has('#row-2[aria-selected="true"]');

    // Another file is in a directory that is closed.
    await tab.click("#next-file");
    await says("rp-file-detail >> h2", "flash/lib/util.py");
    await tab.click("#next-file");
    await says("rp-file-detail >> h2", "flash/old/util.py");
    await has('#row-5[aria-selected="true"]');
    await tab.click("#close");
    await tab.click("#kind-update");
    await lines(["flash/", 1, true], ["lib/", 2, true], ["util.py", 3], ["old/", 2, true], ["util.py", 3], ["firmware", 1]);
  });

  test("a moved file names the other one, and leads to it", async () => {
    await open("from=1.0.0");
    await says("#row-3", "+ new flash/lib/util.py moved from flash/old/util.py");
    await says("#row-5", "− delete flash/old/util.py moved to flash/lib/util.py");
    await tab.click("#row-5");
    await says("rp-file-detail >> section", "Moved to flash/lib/util.py, with the same content.");
    await tab.shot("moved");
    await tab.click("#moved");
    await says("rp-file-detail >> h2", "flash/lib/util.py");
    await says("rp-file-detail >> section", "Moved from flash/old/util.py, with the same content.");
  });

  const replaced = `1.0.0, 5 B ${hash("sha1", "image")}`;
  const bySelf = "by its release: the device names no firmware version";
  test.each([
    ["from=1.0.0", `${replaced} ${bySelf}`],
    ["from=1.0.0&firmware=1.0.0", replaced],
    ["from=0.9.0", `0.9.0, of which there is no image here ${bySelf}`],
    ["from=1.0.0&firmware=v1.0.0", `v1.0.0, 5 B ${hash("sha1", "image")}`],
    ["from=", "unknown: the device names neither its firmware version nor its release"],
  ])("the firmware is a row that opens: %s", async (view, replaces) => {
    await open(view);
    await tab.click("#row-0");
    const about = `Version 1.0.1 Size 13 B SHA-1 ${hash("sha1", IMAGE)} SHA-256 ${hash("sha256", IMAGE)} Replaces ${replaces}`;
    await says("rp-file-detail >> section", `firmware_1.0.1.bin`);
    await expect.poll(async () => squeezed(await tab.text("rp-file-detail >> dl"))).toBe(squeezed(about));
  });

  test("a plan without that image says so", async () => {
    await open("from=1.0.1&file=%2Ffirmware_1.0.1.bin");
    await says("rp-file-detail >> section", "This plan does not flash it.");
  });

  test("a difference has its words, gaps that open, and goes from change to change and from file to file", async () => {
    await open("from=1.0.0&file=flash%2Flib%2Flong.py");
    await says("rp-file-detail >> section", "2 lines added 2 lines removed");
    await says(".line.removed mark", "20");
    await says(".line.added mark", "twenty");
    await says("#place", "3 of 7");
    await says(".gap", "16 lines the same: show");
    await tab.shot("difference");
    await tab.click("#next-change");
    await says(".line.first", "20 − removed: line 20");
    await tab.click("#next-change");
    await says(".line.first", "50 − removed: line 50");
    await tab.click("#next-change");
    await says(".line.first", "20 − removed: line 20");
    await tab.click(".gap");
    await says("rp-diff-lines >> .scroller", "1 1 line 1 2 2 line 2 3 3 line 3");

    await tab.click("#ignore-space");
    await says("rp-file-detail >> section", "1 line added 1 line removed");
    await expect.poll(() => address("space")).toBe("ignored");
    await tab.click("#previous-file");
    await says("rp-file-detail >> h2", "flash/ends.py");
    await tab.click("#previous-file");
    await says("rp-file-detail >> h2", "firmware_1.0.1.bin");
    await tab.click("#previous-file");
    await says("rp-file-detail >> h2", "flash/space.py");
    await says("rp-file-detail >> section", "Only white space differs.");
    await tab.click("#ignore-space");
    await says("rp-file-detail >> section", "1 line added 1 line removed");
    await says(".line.added", "b()");
  });

  test("a difference in line ends alone is said", async () => {
    await open("from=1.0.0&file=flash%2Fends.py");
    await says("#line-ends", "Only line ends differ. Line ends: CRLF on the device, LF after the update; the last line has one on the device and none after the update.");
    expect(await tab.has("rp-diff-lines")).toBe(false);
    await tab.shot("line-ends");
  });

  test("a phone has rows in two lines, with room for a finger", async () => {
    await open("from=1.0.0&files=tree", 360);
    await has("#row-9");
    const places = ["#row-0", "#row-2", "#row-9"];
    for (const place of [...places, "#filter", "#as-tree", "#kind-new", "#sort-path", "#sort-size"]) {
      expect((await tab.box(place)).height, place).toBeGreaterThanOrEqual(43.5);
    }
    for (const place of places) {
      const [path, size] = [await tab.box(`${place} .where`), await tab.box(`${place} .size`)];
      expect(size.y, place).toBeGreaterThanOrEqual(path.y + path.height - 1);
    }
    await tab.click("#row-2");
    await says("rp-file-detail >> h2", "flash/lib/long.py");
    for (const place of ["#next-file", "#close"]) expect((await tab.box(place)).height, place).toBeGreaterThanOrEqual(43.5);
    await tab.shot("phone-tree");
  });
});

const VIEWS = [
  ["tree", "files=tree", "[role=treegrid] #row-9"],
  ["firmware", "file=%2Ffirmware_1.0.1.bin", "rp-file-detail >> dl"],
  ["difference", "files=tree&file=flash%2Flib%2Flong.py", "rp-diff-lines mark"],
  ["line-ends", "kinds=delete+new+update+flash+same&file=flash%2Fends.py", "#line-ends"],
] as const;

describe("axe finds nothing, and nothing scrolls sideways", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launch();
  });

  afterAll(() => browser?.close());

  test.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 360],
    ["dark", 360],
  ] as const)("%s, %i pixels wide", async (colorScheme, width) => {
    const visit = await Visit.open(browser, `${server.url}_preview/#from=1.0.0`, { colorScheme, viewport: { width, height: 900 } });
    const { page: tab } = visit;
    await tab.locator("#verdict").waitFor();
    for (const [name, view, there] of VIEWS) {
      await tab.evaluate((view) => void (location.hash = `#from=1.0.0&${view}`), view);
      await tab.locator(there).first().waitFor();
      expect(await violations(visit.value), name).toBe("");
      expect(await tab.evaluate(() => document.documentElement.scrollWidth), name).toBe(width);
      await visit.shot(`files-${name}-${colorScheme}-${width}`);
    }
    await visit.end();
  }, 120_000);
});
