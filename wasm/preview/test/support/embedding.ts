// A tool that embeds the page: the packed package in a project of its own, and pages of another origin than the server's.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { TOP } from "./places.js";

const HERE = fileURLToPath(new URL("../../", import.meta.url));
export const PACKED = `${TOP}/target/npm-preview`;
export const PROJECT = `${PACKED}/project`;
export const INSTALLED = `${PROJECT}/node_modules/airwaybill-preview`;

/** A tool of `wasm/preview`, run in a folder. */
export function tool(name: string, folder: string, ...options: string[]): string {
  const { NODE_ENV, VITEST, ...env } = process.env; // of the test itself
  return execFileSync(`${HERE}node_modules/.bin/${name}`, options, { cwd: folder, env, encoding: "utf8", stdio: "pipe" });
}

/** A project below that one, whose `dist/main.js` these command lines make of a script. */
export function bundled(name: string, commands: readonly string[]): string {
  const folder = `${PROJECT}/${name}`;
  mkdirSync(`${folder}/src`, { recursive: true });
  cpSync(`${HERE}test/project/src/plain.js`, `${folder}/src/main.js`);
  symlinkSync("../node_modules", `${folder}/node_modules`);
  const path = [`${TOP}/wasm/node_modules/.bin`, process.env.PATH].join(delimiter);
  for (const command of commands) execFileSync(command, { cwd: folder, env: { ...process.env, PATH: path }, stdio: "pipe", shell: true });
  writeFileSync(`${folder}/dist/index.html`, `<!doctype html><title>t</title><link rel="icon" href="data:,"><script type="module" src="main.js"></script>`);
  return `${folder}/dist`;
}

/** The line of the package's README that starts so: what it tells its readers is what is tried. */
export function documented(start: string): string {
  const line = readFileSync(`${HERE}package/README.md`, "utf8").split("\n").find((line) => line.startsWith(start));
  if (line === undefined) throw new Error(`package/README.md has no line that starts with: ${start}`);
  return line;
}

/** The styles that the package's README gives as an example. */
export function styles(): string {
  return /^```css\n([^]*?)^```$/m.exec(readFileSync(`${HERE}package/README.md`, "utf8"))![1]!;
}

/** The package as npm installs it, in a project with nothing else. */
export function install(): void {
  const { version } = JSON.parse(readFileSync(`${HERE}package/package.json`, "utf8")) as { version: string };
  const tarball = `${PACKED}/airwaybill-preview-${version}.tgz`;
  if (!existsSync(tarball)) throw new Error("the package is not built: make npm-preview");
  rmSync(PROJECT, { recursive: true, force: true });
  mkdirSync(PROJECT, { recursive: true });
  writeFileSync(`${PROJECT}/package.json`, JSON.stringify({ private: true, type: "module" }));
  execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", "--offline", tarball], { cwd: PROJECT, stdio: "pipe" });
  cpSync(`${HERE}test/project`, PROJECT, { recursive: true });
}

export interface Page {
  html: string;
  policy: string;
}

const TYPES: Record<string, string> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".wasm": "application/wasm" };

/** Serves pages by their names, and files of a folder; each under a policy. */
export async function host(pages: ReadonlyMap<string, Page>, folder: string, policy: string): Promise<{ origin: string; end(): void }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    const page = pages.get(pathname.slice(1));
    const path = join(folder, pathname);
    const isThere = page !== undefined || (existsSync(path) && statSync(path).isFile());
    const type = TYPES[page === undefined ? extname(path) : ".html"] ?? "text/plain";
    response.writeHead(isThere ? 200 : 404, { "content-type": type, "content-security-policy": page?.policy ?? policy });
    response.end(isThere ? (page?.html ?? readFileSync(path)) : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Another site than that of the server, not only another port.
  return { origin: `http://localhost:${(server.address() as AddressInfo).port}`, end: () => void server.close() };
}
