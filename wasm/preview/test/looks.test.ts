// How each view looks in both browsers, in light, dark and forced colours, narrow and wide, and on paper. The pictures are in target/preview, to be looked at.

import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { violations } from "./support/axe.js";
import { launch, Visit } from "./support/browser.js";
import { Firefox, type Look } from "./support/firefox.js";
import { EXAMPLES, SCREENSHOTS } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { sight } from "./support/sight.js";
import { filesBelow, scratch } from "./support/tree.js";
import { showing } from "./support/view.js";

const LOOKS: Look[] = ["light", "dark", "forced-colors"];
const WIDTHS = [360, 1280, 1920];
const HEIGHTS: Record<number, number> = { 360: 740, 1280: 800, 1920: 1080 };

let server: Server;
let page: string;
const folder = scratch(tmpdir());

beforeAll(async () => {
  server = await serve(EXAMPLES, "--protect", "*.wav");
  page = `${server.url}_preview/`;
});

afterAll(() => server?.stop());

/** A page that stays open, and what is done with it. */
interface Hands {
  open(address: string): Promise<void>;
  give(path: string): Promise<void>;
  click(selector: string): Promise<void>;
  /** Waits until an element is there and says one of these texts. */
  there(selector: string, ...texts: string[]): Promise<void>;
  value(expression: string): Promise<string>;
  /** Makes it look so in a window of that size, and goes to its top. */
  look(look: Look, width: number): Promise<void>;
  shot(name: string): Promise<void>;
  print(): Promise<Buffer>;
}

const zip = (name: string, files: Record<string, Uint8Array>) => {
  writeFileSync(join(folder, name), zipSync(files));
  return join(folder, name);
};

/** The next release: with a private key, a file that was cut off, and a directory beside it that is none. */
function next(): string {
  const files = filesBelow(join(EXAMPLES, "1.0.1"));
  const text = (content: string) => new TextEncoder().encode(content);
  return zip("next.zip", {
    ...files,
    "flash/lib/a_module_with_a_long_name_that_was_cut_off.py": text("print(\0"),
    "flash/certificates/device.key": text("-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n"),
  });
}

/** Each view, and how one gets there from the one before. */
const VIEWS: [name: string, go: (hands: Hands) => Promise<void>][] = [
  ["plan", async (hands) => (await hands.value(showing("from=1.0.0")), await hands.there("#verdict"), hands.there("#headline", "1.0.0"))],
  ["file", async (hands) => (await hands.value(showing("from=1.0.0&file=flash%2Fmain.py")), hands.there(".line.added"))],
  ["matrix", async (hands) => (await hands.value(showing("tab=matrix&from=1.0.0")), hands.there("#cell-0-1"))],
  ["manifest", async (hands) => (await hands.value(showing("tab=manifest&from=1.0.0")), hands.there(".line", "{"))],
  ["check", async (hands) => (await hands.value(showing("tab=check&from=1.0.0")), await hands.there("#check-own"), hands.click("#how-to-list > summary"))],
  ["releases", async (hands) => (await hands.value(showing("tab=releases&from=1.0.0")), hands.there("#signed-title"))],
  ["refusal", async (hands) => (await hands.value(showing("from=1.0.0")), await hands.give(next()), hands.there("#refused"))],
  ["candidate", async (hands) => (await hands.click("#try"), await hands.there("#headline", "candidate"), hands.there("#verdict", "error"))],
  ["wanted", async (hands) => hands.open(await hands.value("location.href"))],
];

async function inChromium(): Promise<{ hands: Hands; end(): Promise<void> }> {
  const browser = await launch();
  const visit = await Visit.open(browser, page);
  const { page: tab } = visit;
  const first = (selector: string) => tab.locator(selector).first();
  const hands: Hands = {
    async open(address) {
      await tab.goto("about:blank");
      await tab.goto(address);
      await first("#wanted").waitFor();
    },
    give: (path) => visit.pick("#open-zip", path),
    click: (selector) => first(selector).click(),
    there: async (selector, ...texts) => void (await expect.poll(async () => saysOne(await first(selector).innerText(), texts), { timeout: 15_000 }).toBe(true)),
    value: visit.value,
    async look(look, width) {
      const forced = look === "forced-colors";
      await tab.emulateMedia({ colorScheme: look === "dark" ? "dark" : "light", forcedColors: forced ? "active" : "none" });
      await tab.setViewportSize({ width, height: HEIGHTS[width]! });
      await tab.evaluate(TOP);
    },
    shot: (name) => visit.shot(name),
    print: () => tab.pdf({ preferCSSPageSize: true }),
  };
  const end = async () => {
    await visit.end();
    await browser.close();
  };
  return { hands, end };
}

async function inFirefox(look: Look): Promise<{ hands: Hands; end(): Promise<void> }> {
  const firefox = await Firefox.launch(look);
  await firefox.open(page);
  const hands: Hands = {
    async open(address) {
      await firefox.open("about:blank");
      await firefox.open(address);
      await firefox.text("#wanted");
    },
    give: (path) => firefox.pick("#zip", path),
    click: (selector) => firefox.click(selector),
    there: async (selector, ...texts) => void (await firefox.text(selector, ...texts)),
    value: (expression) => firefox.value(expression),
    async look(_, width) {
      await firefox.resize({ width, height: HEIGHTS[width]! });
      await firefox.value(TOP);
    },
    shot: (name) => firefox.shot(name),
    print: () => firefox.print(),
  };
  return { hands, end: () => firefox.end(server.url) };
}

const saysOne = (said: string, texts: readonly string[]) => texts.length === 0 || texts.some((text) => said.includes(text));

/** To the top, and two frames later, when all has its place. */
const TOP = `new Promise((resolve) => {
  scrollTo(0, 0);
  setTimeout(() => resolve(""), 50);
})`;

/** What is wrong with a layout: what is wider than the window, tabs out of sight, and on a phone what is too small for a finger. */
const LAYOUT = `(() => {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push("the page is wider than its window");
  const named = (element) => element.tagName + " " + (element.id || element.className || element.innerText);
  const look = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) look(element.shadowRoot);
      if (!element.checkVisibility()) continue;
      const { width, height, left, right } = element.getBoundingClientRect();
      if (element.matches("[role=tablist]") && element.scrollWidth > element.clientWidth) found.push("tabs are cut off");
      const isTarget = element.matches("button, summary, select, a, label.choice, input:not([hidden], [type=checkbox], [type=radio])");
      // A gap in a difference has as much room as it takes: what is before and after its line is its own, too.
      if (!isTarget || element.matches(".gap")) continue;
      if (left < 0 || right > innerWidth) found.push(named(element) + " is cut off");
      if (innerWidth < 560 && (width < 44 || height < 44)) found.push(named(element) + " has " + Math.round(width) + " × " + Math.round(height) + " px");
    }
  };
  look(document);
  return found.join("\\n");
})()`;

async function expectFine(hands: Hands, browser: string, view: string, looks: readonly Look[]): Promise<void> {
  for (const look of looks) {
    for (const width of WIDTHS) {
      const name = `looks-${view}-${browser}-${look}-${width}`;
      await hands.look(look, width);
      expect(await hands.value(LAYOUT), name).toBe("");
      expect(await violations(hands.value), name).toBe("");
      await hands.shot(name);
    }
  }
  const printed = await hands.print();
  expect(printed.subarray(0, 5).toString()).toBe("%PDF-");
  mkdirSync(SCREENSHOTS, { recursive: true });
  writeFileSync(join(SCREENSHOTS, `looks-${view}-${browser}-${looks[0]}.pdf`), printed);
}

describe.each([
  ["Chromium", LOOKS, inChromium],
  ...LOOKS.map((look) => ["Firefox", [look], () => inFirefox(look)] as const),
] as const)("%s, %j", (browser, looks, start) => {
  let opened: Awaited<ReturnType<typeof start>>;

  beforeAll(async () => {
    opened = await start();
  });

  afterAll(() => opened?.end());

  test.each(VIEWS)("%s", async (view, go) => {
    const { hands } = opened;
    await hands.look(looks[0]!, 1280);
    await go(hands);
    await expectFine(hands, browser.toLowerCase(), view, looks);
    if (view !== "plan") return;
    await hands.look(looks[0]!, 360);
    expect(await hands.value(sight("A device on 1.0.0 downloads 109 kB to get to 1.0.1")), "above the fold").toBe("in sight");
  });
});
