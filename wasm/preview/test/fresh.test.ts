// The page asks what has become of the server's releases while somebody looks at it.

import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Browser, Response } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { scratch, writeTree } from "./support/tree.js";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser?.close());

/** A server of a copy of the examples, and a page on it whose time a test moves. */
class Fresh {
  private constructor(
    readonly root: string,
    readonly server: Server,
    readonly visit: Visit,
  ) {}

  static async open(root: string, ...options: string[]): Promise<Fresh> {
    const server = await serve(root, ...options);
    const visit = await Visit.open(browser, `${server.url}_preview/`);
    await visit.settled();
    await visit.page.clock.install({ time: 0 });
    // From here on in the test's time: installed alone, a clock goes on by itself.
    await visit.page.clock.pauseAt(60 * 60 * 1000);
    const fresh = new Fresh(root, server, visit);
    await fresh.seen();
    return fresh;
  }

  /** What the server says of its listing when the page is asked to look. */
  async seen(): Promise<number> {
    const answer = this.answer();
    await this.visit.page.evaluate(() => void document.dispatchEvent(new Event("visibilitychange")));
    return (await answer).status();
  }

  answer(): Promise<Response> {
    return this.visit.page.waitForResponse((response) => response.url().endsWith("/listing.json"));
  }

  /** The same after so many milliseconds, and not before. */
  async after(milliseconds: number): Promise<number> {
    const before = this.asked;
    await this.visit.page.clock.runFor(milliseconds - 100);
    expect(this.asked, "it waits").toBe(before);
    const answer = this.answer();
    await this.visit.page.clock.runFor(100);
    return (await answer).status();
  }

  get asked(): number {
    return this.visit.requests.filter((url) => url.endsWith("/listing.json")).length;
  }

  /** Waits until the server's listing says it. */
  async listed(is: (listing: { options: { unsettled: string[] }; entries: { path: string }[] }) => boolean): Promise<void> {
    const url = `${this.server.url}_preview/listing.json`;
    await expect.poll(async () => is((await (await fetch(url)).json()) as never), { timeout: 20_000 }).toBe(true);
  }

  async end(...expected: RegExp[]): Promise<void> {
    await this.visit.end(...expected);
    await this.server.stop();
  }
}

function copy(): string {
  const root = scratch();
  cpSync(EXAMPLES, root, { recursive: true });
  return root;
}

test("every five seconds, for a few bytes, and says what changed", async () => {
  const fresh = await Fresh.open(copy());
  const { page: tab } = fresh.visit;
  expect(await fresh.after(5000)).toBe(304);
  expect(await fresh.after(5000)).toBe(304);
  writeTree(fresh.root, { "1.0.2/flash/main.py": "three" });
  await fresh.listed(({ entries }) => entries.some(({ path }) => path.startsWith("1.0.2/")));
  expect(await fresh.after(5000)).toBe(200);
  await tab.locator("#stale", { hasText: "The releases on the server have changed" }).waitFor();
  expect(await fresh.visit.text("#headline"), "nothing is taken away from a reader").toContain("to get to 1.0.1");
  expect(await fresh.after(5000), "it knows this one").toBe(304);
  await tab.locator("#stale button").click();
  await tab.getByText("to get to 1.0.2").waitFor();
  expect(await tab.locator("#stale").count()).toBe(0);
  await fresh.end();
});

test("not while nobody sees it", async () => {
  const fresh = await Fresh.open(copy());
  const { page: tab } = fresh.visit;
  const be = (state: string) =>
    tab.evaluate((state) => {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await be("hidden");
  const before = fresh.asked;
  await tab.clock.runFor(60_000);
  expect(fresh.asked).toBe(before);
  const answer = fresh.answer();
  await be("visible");
  expect((await answer).status()).toBe(304);
  expect(await fresh.after(5000)).toBe(304);
  await fresh.end();
});

test("every second while something is copied, and says what", async () => {
  const fresh = await Fresh.open(copy(), "--settle", "600");
  const { page: tab } = fresh.visit;
  // The examples themselves have just been copied.
  await tab.locator("#copying", { hasText: "Being copied: 1.0.0, 1.0.1, firmware_1.0.0.bin, firmware_1.0.1.bin." }).waitFor();
  expect(await fresh.after(1000)).toBe(304);
  writeTree(fresh.root, { "1.0.2/flash/main.py": "12345", "1.0.2/flash/boot.py": "1234" });
  await fresh.listed(({ options }) => options.unsettled.includes("1.0.2"));
  expect(await fresh.after(1000)).toBe(200);
  await tab.locator("#copying", { hasText: "1.0.2" }).waitFor();
  expect(await fresh.visit.text("#copying")).toMatch(/^Being copied: 1\.0\.0, 1\.0\.1, 1\.0\.2, .*14 files, .* so far\. What is copied is offered when/);
  expect(await tab.locator("#stale").count(), "what is offered is the same").toBe(0);
  await fresh.visit.shot("copying");
  await fresh.end();
});

test("the first release of a server appears by itself", async () => {
  const root = writeTree(scratch(), { "notes.txt": "no release yet" });
  const fresh = await Fresh.open(root);
  const { page: tab } = fresh.visit;
  await tab.getByText("There is no release to offer here").waitFor();
  writeTree(root, { "1.0.0/flash/main.py": "one" });
  await fresh.listed(({ entries }) => entries.some(({ path }) => path.startsWith("1.0.0/")));
  await fresh.after(5000);
  await tab.getByText("downloads 3 B to get to 1.0.0").waitFor();
  await fresh.end();
});

test("a candidate stays on top of what is read anew", async () => {
  const fresh = await Fresh.open(copy());
  const { page: tab } = fresh.visit;
  const next = join(scratch(), "1.0.3");
  cpSync(join(EXAMPLES, "1.0.1"), next, { recursive: true });
  writeFileSync(join(next, "flash/main.py"), "print('next')\n");
  await fresh.visit.drop("main", next);
  await tab.locator("#try").click();
  await tab.getByText("A device on 1.0.1 downloads 14 B to get to 1.0.3 candidate").waitFor();
  writeTree(fresh.root, { "1.0.2/flash/main.py": "print('between')\n" });
  await fresh.listed(({ entries }) => entries.some(({ path }) => path.startsWith("1.0.2/")));
  await fresh.seen();
  await tab.locator("#stale button").click();
  await tab.locator("#source", { hasText: "4 releases" }).waitFor();
  await tab.getByText("to get to 1.0.3 candidate").waitFor();
  await fresh.end();
});

test("a server that does not answer is named", async () => {
  const fresh = await Fresh.open(copy());
  const { page: tab } = fresh.visit;
  await fresh.server.stop();
  await tab.clock.runFor(5000);
  await tab.locator("#unreachable", { hasText: "The server does not respond" }).waitFor();
  expect(await fresh.visit.text("#headline")).toContain("to get to 1.0.1");
  await fresh.end(/ERR_CONNECTION_REFUSED/);
});
