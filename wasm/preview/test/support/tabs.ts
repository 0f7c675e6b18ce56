// A tab of Chromium or of Firefox: what a test needs of either.

import { mkdirSync } from "node:fs";

import { expect } from "vitest";

import { launch } from "./browser.js";
import { Firefox } from "./firefox.js";
import { SCREENSHOTS } from "./places.js";

export interface Tab {
  readonly complaints: string[];
  open(url: string): Promise<void>;
  /** What a person reads in an element, with white space as one space, as soon as it has that text. */
  text(selector: string, part: string): Promise<string>;
  click(selector: string): Promise<void>;
  has(selector: string): Promise<boolean>;
  /** What a script in the page gives. */
  readonly value: (expression: string) => Promise<string>;
  /** From here on in the page's frame. */
  enter(): Promise<void>;
  shot(name: string): Promise<void>;
  end(): Promise<void>;
}

async function chromium(): Promise<Tab> {
  const browser = await launch();
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const complaints: string[] = [];
  page.on("console", (message) => void (/error|warning/.test(message.type()) && complaints.push(message.text())));
  page.on("pageerror", (error) => void complaints.push(String(error)));
  let frame = page.mainFrame();
  const said = async (selector: string) => (await frame.locator(selector).first().innerText()).replace(/\s+/g, " ").trim();
  return {
    complaints,
    async open(url) {
      frame = page.mainFrame();
      await page.goto(url);
    },
    async text(selector, part) {
      await expect.poll(() => said(selector), { timeout: 40_000 }).toContain(part);
      return said(selector);
    },
    click: (selector) => frame.locator(selector).click(),
    has: async (selector) => (await frame.locator(selector).count()) > 0,
    value: (expression) => frame.evaluate(expression),
    async enter() {
      frame = (await (await page.locator("iframe").elementHandle())!.contentFrame())!;
    },
    async shot(name) {
      mkdirSync(SCREENSHOTS, { recursive: true });
      await page.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
    },
    end: () => browser.close(),
  };
}

export const BROWSERS: readonly { name: string; start(): Promise<Tab> }[] = [
  { name: "Chromium", start: chromium },
  { name: "Firefox", start: () => Firefox.launch() },
];
