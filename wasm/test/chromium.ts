// A folder, served over loopback under a strict Content-Security-Policy and opened in Chromium.

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { json } from "node:stream/consumers";

import { chromium, type Browser } from "playwright-core";

export const POLICY = "default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

export function launch(): Promise<Browser> {
  const off = ["gpu", "quic", "background-networking", "component-update", "sync"].map((name) => `--disable-${name}`);
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--no-first-run", ...off],
  });
}

/** Serves a folder; the page posts its outcome back. */
function serve(folder: string, policy: string): Promise<{ server: Server; outcome: Promise<unknown> }> {
  let settle: (outcome: unknown) => void;
  const outcome = new Promise<unknown>((resolve) => (settle = resolve));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (request.method === "POST") return void json(request).then(settle).then(() => response.writeHead(204).end());
    const path = join(folder, normalize(pathname === "/" ? "/index.html" : pathname));
    if (!existsSync(path) || !statSync(path).isFile()) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain", "content-security-policy": policy });
    createReadStream(path).pipe(response);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({ server, outcome })));
}

const countWorkers = `
  globalThis.Worker = class extends Worker {
    static started = 0;
    constructor(...options) {
      super(...options);
      globalThis.Worker.started += 1;
    }
  };
`;

/** Opens the folder's page: its outcome, what it complained of, and how many workers it started. */
export async function open(
  browser: Browser,
  folder: string,
  policy = POLICY,
): Promise<{ outcome: unknown; complaints: string[]; workers: number }> {
  const { server, outcome } = await serve(folder, policy);
  const page = await browser.newPage();
  const complaints: string[] = [];
  await page.addInitScript(countWorkers);
  page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
  page.on("pageerror", (error) => void complaints.push(String(error)));
  try {
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`late: ${complaints.join("; ")}`)), 30_000));
    return { outcome: await Promise.race([outcome, late]), complaints, workers: await page.evaluate("Worker.started") };
  } finally {
    await page.close();
    server.close();
  }
}
