// A window of Chromium or of Firefox: what a person does and reads in either. Selectors are as Playwright has them.

import { mkdirSync } from "node:fs";

import { expect, vi } from "vitest";

import { elsewhere, launch } from "./browser.js";
import { Firefox } from "./firefox.js";
import { SCREENSHOTS } from "./places.js";
import { FIND } from "./view.js";

/** As Playwright calls them, and as WebDriver does. */
const KEYS = { ArrowLeft: "\ue012", ArrowUp: "\ue013", ArrowRight: "\ue014", ArrowDown: "\ue015", Enter: "\ue007", Escape: "\ue00c" };
export type Key = keyof typeof KEYS;
const WINDOW = { width: 1280, height: 900 };

export interface Tab {
  readonly complaints: string[];
  /** Opens an address, with nothing of the page before. */
  open(url: string, viewport?: { width: number; height: number }): Promise<void>;
  /** What a person reads in an element, with white space as one space, as soon as it has one of these texts. */
  text(selector: string, ...some: string[]): Promise<string>;
  click(selector: string): Promise<void>;
  /** Gives files to an input, as its picker would. */
  pick(input: string, ...files: string[]): Promise<void>;
  press(key: Key): Promise<void>;
  has(selector: string): Promise<boolean>;
  /** Where an element is, and how large. */
  box(selector: string): Promise<{ x: number; y: number; width: number; height: number }>;
  /** What a script in the page gives, which has `find(selector)`. */
  readonly value: (expression: string) => Promise<string>;
  /** What a person would paste. */
  clipboard(): Promise<string>;
  /** From here on in the page's frame. */
  enter(): Promise<void>;
  /** A picture, with the browser's name behind this one. */
  shot(name: string): Promise<void>;
  /** Ends it: no complaint, and no request to anywhere but these servers. */
  end(...servers: string[]): Promise<void>;
}

async function chromium(): Promise<Tab> {
  const browser = await launch();
  const page = await browser.newPage({ viewport: WINDOW });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => void (/error|warning/.test(message.type()) && complaints.push(message.text())));
  page.on("pageerror", (error) => void complaints.push(String(error)));
  page.context().on("request", (request) => void requests.push(request.url()));
  let frame = page.mainFrame();
  const first = (selector: string) => frame.locator(selector).first();
  const said = async (selector: string) => (await first(selector).innerText()).replace(/\s+/g, " ").trim();
  return {
    complaints,
    async open(url, viewport = WINDOW) {
      frame = page.mainFrame();
      await page.setViewportSize(viewport);
      await page.goto("about:blank");
      await page.goto(url);
    },
    async text(selector, ...some) {
      const look = async () => {
        const text = await said(selector);
        if (some.length > 0 && !some.some((part) => text.includes(part))) throw new Error(`${selector} says: ${text}, and not: ${some.join(", or ")}`);
        return text;
      };
      return vi.waitFor(look, { timeout: 40_000 });
    },
    click: (selector) => first(selector).click(),
    pick: (input, ...files) => first(input).setInputFiles(files),
    press: (key) => page.keyboard.press(key),
    has: async (selector) => (await frame.locator(selector).count()) > 0,
    box: async (selector) => (await first(selector).boundingBox())!,
    value: (expression) => frame.evaluate(`(() => { ${FIND} return ${expression}; })()`),
    clipboard: () => page.evaluate(() => navigator.clipboard.readText()),
    async enter() {
      frame = (await (await page.locator("iframe").elementHandle())!.contentFrame())!;
    },
    async shot(name) {
      mkdirSync(SCREENSHOTS, { recursive: true });
      await page.screenshot({ path: `${SCREENSHOTS}/${name}-chromium.png` });
    },
    async end(...servers) {
      await browser.close();
      expect(complaints).toEqual([]);
      expect(elsewhere(requests, servers), "nothing leaves the browser").toEqual([]);
    },
  };
}

async function firefox(): Promise<Tab> {
  const firefox = await Firefox.launch();
  let isNew = true;
  return {
    complaints: firefox.complaints,
    async open(url, viewport = WINDOW) {
      if (!isNew) await firefox.renew();
      isNew = false;
      await firefox.open(url, viewport);
    },
    text: (selector, ...some) => firefox.text(selector, ...some),
    click: (selector) => firefox.click(selector),
    pick: (input, ...files) => firefox.pick(input, ...files),
    press: (key) => firefox.press(KEYS[key]),
    has: (selector) => firefox.has(selector),
    box: (selector) => firefox.box(selector),
    value: firefox.value,
    clipboard: () => firefox.clipboard(),
    enter: () => firefox.enter(),
    shot: (name) => firefox.shot(`${name}-firefox`),
    end: (...servers) => firefox.end(...servers),
  };
}

export const BROWSERS: readonly { name: string; start(): Promise<Tab> }[] = [
  { name: "Chromium", start: chromium },
  { name: "Firefox", start: firefox },
];
