// In Chromium under a strict Content-Security-Policy: bundled by Vite, and as it is, from the files of the package.

import { cpSync, createReadStream, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { json } from "node:stream/consumers";

import { chromium, type Browser } from "playwright-core";
import { build, transformWithOxc } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";

import { installed, project, target } from "./places.js";

const POLICY = "default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** Serves a folder; the page posts its outcome back. */
function serve(folder: string): Promise<{ server: Server; outcome: Promise<unknown> }> {
  let settle: (outcome: unknown) => void;
  const outcome = new Promise<unknown>((resolve) => (settle = resolve));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (request.method === "POST") return void json(request).then(settle).then(() => response.writeHead(204).end());
    const path = join(folder, normalize(pathname === "/" ? "/index.html" : pathname));
    if (!existsSync(path) || !statSync(path).isFile()) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain", "content-security-policy": POLICY });
    createReadStream(path).pipe(response);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({ server, outcome })));
}

let browser: Browser;

beforeAll(async () => {
  const off = ["gpu", "quic", "background-networking", "component-update", "sync"].map((name) => `--disable-${name}`);
  browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--no-first-run", ...off],
  });
});

afterAll(() => browser?.close());

/** Opens the folder's page; gives its outcome, or what it complained of. */
async function open(folder: string): Promise<unknown> {
  const { server, outcome } = await serve(folder);
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
  page.on("pageerror", (error) => void complaints.push(String(error)));
  try {
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`late: ${complaints.join("; ")}`)), 30_000));
    const given = await Promise.race([outcome, late]);
    expect(complaints).toEqual([]);
    return given;
  } finally {
    await page.close();
    server.close();
  }
}

const expected = {
  text: expect.stringContaining(`"URL": "http://192.168.1.144:8000/1.0.1/flash/big.bin"`),
  checked: 2,
  update: ["flash/main.py"],
  order: -1,
  sha1: "a9993e364706816aba3e25717850c26c9cd0d89d",
  hashed: [
    { path: "1.0.0/flash/main.py", size: 3, sha1: expect.stringMatching(/^[0-9a-f]{40}$/) },
    { path: "1.0.1/flash/main.py", size: 3, sha1: expect.stringMatching(/^[0-9a-f]{40}$/) },
    { path: "1.0.1/flash/big.bin", size: 3_000_000, sha1: expect.stringMatching(/^[0-9a-f]{40}$/) },
  ],
};

test("bundled by Vite, in the page and in a worker", async () => {
  const built = `${target}npm/vite`;
  await build({
    root: project,
    logLevel: "warn",
    build: { outDir: built, emptyOutDir: true },
    worker: { format: "es" },
  });
  expect(await open(built)).toEqual({ page: expected, worker: expected });
});

test("as it is, without a bundler", async () => {
  const folder = `${target}npm/plain/`;
  cpSync(`${installed}dist`, `${folder}airwaybill`, { recursive: true });
  const { code } = await transformWithOxc(readFileSync(`${project}src/scene.ts`, "utf8"), "scene.ts");
  writeFileSync(`${folder}scene.js`, code.replace(`"airwaybill"`, `"./airwaybill/index.js"`));
  const page = `import { scene } from "./scene.js";
await fetch("/outcome", { method: "POST", body: JSON.stringify(await scene()) });
`;
  writeFileSync(`${folder}page.js`, page);
  writeFileSync(`${folder}index.html`, `<!doctype html><title>t</title><link rel="icon" href="data:," /><script type="module" src="page.js"></script>`);
  expect(await open(folder)).toEqual(expected);
});
