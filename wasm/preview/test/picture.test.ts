// The pictures in the README show the page as it is. `make picture` takes them again.

import { readFileSync, writeFileSync } from "node:fs";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES, TOP } from "./support/places.js";
import { serve, type Server } from "./support/server.js";

const VIEWPORT = { width: 1440, height: 900 };
const ADDRESS = "localhost:8000";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  server = await serve(EXAMPLES, "--base-url", `http://${ADDRESS}`);
  browser = await launch("--no-proxy-server", `--host-resolver-rules=MAP ${ADDRESS} ${new URL(server.url).host}`);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** The page with a plan and the line diff of a file. */
async function take(colorScheme: "light" | "dark"): Promise<Buffer> {
  const visit = await Visit.open(browser, `http://${ADDRESS}/`, { viewport: VIEWPORT, colorScheme });
  const { page } = visit;
  // As Chromium has it on this address; `Visit` takes it away.
  await page.evaluate(() => void Object.assign(globalThis, { showDirectoryPicker: () => null }));
  await page.locator(".item", { hasText: "flash/main.py" }).click();
  await page.locator("rp-file-detail .line.added").first().waitFor();
  await visit.settled();
  expect(readFileSync(`${TOP}/README.md`, "utf8"), "the picture's alt text").toContain(await visit.text("#headline"));
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", {
    format: "webp",
    quality: 80,
    clip: { x: 0, y: 0, ...VIEWPORT, scale: 10 / 9 },
  });
  await visit.end();
  return Buffer.from(data, "base64");
}

/**
 * Width and height of two pictures, and the mean difference of their colours, 0 to 255, when they are shrunk so far that fonts hardly
 * matter: another font or a font size of 15 px makes 0.6 to 1.7; without the file's panel it is 6.9 (light) and 7.0 (dark).
 */
async function compared(one: Buffer, other: Buffer): Promise<{ sizes: number[][]; difference: number }> {
  const page = await browser.newPage();
  const found = await page.evaluate(
    async (sources) => {
      const images = await Promise.all(
        sources.map(async (source) => createImageBitmap(await (await fetch(`data:image/webp;base64,${source}`)).blob())),
      );
      const [first, second] = images.map((image) => {
        const context = new OffscreenCanvas(56, 35).getContext("2d")!;
        context.imageSmoothingQuality = "high";
        context.drawImage(image, 0, 0, 56, 35);
        return context.getImageData(0, 0, 56, 35).data;
      });
      const sum = first!.reduce((total, value, at) => total + Math.abs(value - second![at]!), 0);
      return { sizes: images.map(({ width, height }) => [width, height]), difference: sum / first!.length };
    },
    [one.toString("base64"), other.toString("base64")],
  );
  await page.close();
  return found;
}

test.each(["light", "dark"] as const)("the README shows the page as it is, %s", async (scheme) => {
  const path = `${TOP}/docs/preview-${scheme}.webp`;
  const now = await take(scheme);
  if (process.env.PICTURE) writeFileSync(path, now);
  const { sizes, difference } = await compared(readFileSync(path), now);
  expect(sizes[0]).toEqual(sizes[1]);
  expect(difference, "the page looks different now: run `make picture` and look at docs/preview-*.webp").toBeLessThan(2);
});
