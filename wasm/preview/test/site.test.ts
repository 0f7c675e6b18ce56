// The documentation site that `make docs` built, with this page running in it on the example releases.

import { createReadStream, existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { TOP } from "./support/places.js";

const SITE = `${TOP}/target/docs`;
const TYPES: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

let browser: Browser;
let server: Server;
let site: string;

beforeAll(async () => {
  browser = await launch();
  // A static host, as plain as there is one.
  server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url!, "http://localhost").pathname));
    const file = join(SITE, path.endsWith("/") ? `${path}index.html` : path);
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

test("the site opens, loads nothing from elsewhere, and leads to the page", async () => {
  const visit = await Visit.to(browser, site);
  await visit.settled();
  expect(await visit.page.title()).toContain("airwaybill");
  await visit.shot("site");
  await visit.page.locator("nav a", { hasText: "Live preview, on the examples" }).first().click();
  await visit.page.locator("#headline").waitFor();
  expect(await visit.text("#headline")).toBe("A device on 1.0.0 downloads 109 kB to get to 1.0.1");
  expect(await visit.text("#source")).toContain("2 releases · 2 images · 12 files");
  await visit.shot("site-example");
  await visit.end();
});

test("the page in the site shows what changed in a file", async () => {
  const visit = await Visit.open(browser, `${site}example/_preview/`);
  await visit.page.locator(".item", { hasText: "flash/main.py" }).click();
  await visit.page.locator("rp-file-detail .line.added").first().waitFor();
  await visit.end();
});
