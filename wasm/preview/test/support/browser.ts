import { mkdirSync } from "node:fs";

import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { expect } from "vitest";

import { CHROMIUM, SCREENSHOTS } from "./places.js";
import { threads } from "./trace.js";

const FLAGS = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launch(...flags: string[]): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...flags] });
}

/** What was asked of the network anywhere but of these servers. */
export function elsewhere(requests: readonly string[], servers: readonly string[]): string[] {
  return requests.filter((url) => /^(http|ws)s?:/.test(url) && !servers.some((server) => url.startsWith(`${new URL(server).origin}/`)));
}

interface Watching {
  longTasks: number[];
}

interface Holding {
  withheld: { fields: string[]; deliver(): void }[] | null;
}

/** Runs in the page: what a worker says waits while there is a list for it. */
function holdable(): void {
  const Original = Worker;
  globalThis.Worker = class extends Original {
    override set onmessage(listener: (event: MessageEvent) => void) {
      super.onmessage = (event) => {
        const { withheld } = globalThis as unknown as Holding;
        if (withheld == null) listener.call(this, event);
        else withheld.push({ fields: Object.keys(event.data.value ?? {}), deliver: () => listener.call(this, event) });
      };
    }
  };
}

/** A page that remembers what it asked for and what it complained about. */
export class Visit {
  readonly requests: string[] = [];
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    readonly origin: string,
  ) {}

  /** What a script in the page gives. */
  readonly value = (expression: string): Promise<string> => this.page.evaluate<string>(expression);

  static async to(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    const visit = new Visit(page, new URL(url).origin);
    context.on("request", (request) => visit.requests.push(request.url()));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") visit.complaints.push(message.text());
    });
    page.on("pageerror", (error) => visit.complaints.push(String(error)));
    await page.addInitScript(() => {
      const tasks: number[] = [];
      Object.assign(globalThis, { longTasks: tasks });
      new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({
        type: "longtask",
        buffered: true,
      });
    });
    await page.addInitScript(holdable);
    // As over HTTP. No test can answer the system's picker; what a test puts in its place is in `folder.test.ts`.
    await page.addInitScript(() => void Object.assign(globalThis, { showDirectoryPicker: undefined }));
    await page.goto(url);
    return visit;
  }

  /** The page, once it shows what is open. */
  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const visit = await Visit.to(browser, url, options);
    await visit.page.locator("rp-device-form form").waitFor();
    return visit;
  }

  /** Waits until the page has asked for all that it asks for by itself. */
  async settled(): Promise<void> {
    await this.page.waitForLoadState("networkidle");
  }

  /**
   * Milliseconds of the longest task that kept the page from answering during `work`. On a machine that is busy with other things a
   * task can be long because it waits for a processor: if one is too long, the work is repeated and processor time is measured.
   */
  async blocked(limit: number, work: () => Promise<void>): Promise<number> {
    await this.page.evaluate(() => void ((globalThis as unknown as Watching).longTasks.length = 0));
    await work();
    const longest = await this.page.evaluate(() => Math.max(0, ...(globalThis as unknown as Watching).longTasks));
    if (longest < limit) return longest;
    const found = await threads(this.page.context().browser()!, work);
    const pages = found.filter(({ name }) => name === "CrRendererMain");
    expect(pages).not.toEqual([]);
    return Math.max(...pages.map(({ most }) => most));
  }

  /** Keeps what the page's worker says from the page until `release`. */
  hold(): Promise<void> {
    return this.page.evaluate(() => void Object.assign(globalThis, { withheld: [] }));
  }

  /** Waits until so many of the answers that the page has not got yet have a field of that name. */
  async said(field: string, count = 1): Promise<void> {
    await this.page.waitForFunction(
      ([field, count]) => (globalThis as unknown as Holding).withheld!.filter(({ fields }) => fields.includes(field)).length >= count,
      [field, count] as const,
    );
  }

  /** Lets through what was kept: all, or up to the first answer that has a field of that name, and keeps the rest. */
  release(field?: string): Promise<void> {
    return this.page.evaluate((field) => {
      const holding = globalThis as unknown as Holding;
      const said = holding.withheld!;
      const last = field === undefined ? -1 : said.findIndex(({ fields }) => fields.includes(field));
      holding.withheld = null;
      for (const { deliver } of last < 0 ? said : said.splice(0, last + 1)) deliver();
      if (last >= 0) holding.withheld = said;
    }, field);
  }

  /** What a person reads somewhere, with white space as one space. */
  async text(selector: string): Promise<string> {
    return (await this.page.locator(selector).innerText()).replace(/\s+/g, " ").trim();
  }

  /** Picks a file or a folder through the button that asks for it. */
  async pick(button: string, path: string | string[]): Promise<void> {
    const chooser = this.page.waitForEvent("filechooser");
    await this.page.locator(button).click();
    await (await chooser).setFiles(path);
  }

  /** Drops files or folders of the disk onto an element. */
  async drop(selector: string, ...paths: string[]): Promise<void> {
    const box = (await this.page.locator(selector).boundingBox())!;
    const place = { x: box.x + box.width / 2, y: box.y + Math.min(box.height / 2, 300) };
    const session = await this.page.context().newCDPSession(this.page);
    const data = { items: [], files: paths, dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"] as const) {
      await session.send("Input.dispatchDragEvent", { type, ...place, data });
    }
    await session.detach();
  }

  async shot(name: string, fullPage = false): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage });
  }

  /** Ends the visit: no complaint, and no request to anywhere but the server. */
  async end(...expected: RegExp[]): Promise<void> {
    await this.page.context().close();
    expect(this.complaints.filter((text) => !expected.some((pattern) => pattern.test(text)))).toEqual([]);
    expect(elsewhere(this.requests, [this.origin]), "nothing leaves the browser").toEqual([]);
  }
}
