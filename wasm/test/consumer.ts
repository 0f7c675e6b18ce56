// Projects that use the package: built by a command line, run, and held to what is known of the example releases.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join, relative } from "node:path";

import { examples, root } from "./places.js";

const contents = readdirSync(examples, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => relative(examples, join(parentPath, name)))
  .sort()
  .map((path): [string, Buffer] => [path, readFileSync(`${examples}${path}`)]);

const large: [string, Buffer] = ["large", Buffer.alloc(3_000_000, "x")];
const listing = [...contents, large].map(([path, content]) => ({
  path,
  size: content.length,
  sha1: createHash("sha1").update(content).digest("hex"),
}));
const at = (path: string) => listing.find((file) => file.path === path)!;
const updated = (path: string) => ({ ...at(`1.0.1/${path}`), path });
const plan = {
  version: "1.0.1",
  previous_version: "1.0.0",
  full: false,
  delete: ["sd/asset_that_will_be_removed.wav"],
  new: [updated("flash/lib/new_lib.py")],
  update: [updated("flash/main.py"), updated("sd/some_asset.txt")],
  keep: [],
  firmware: { ...at("firmware_1.0.1.bin"), version: "1.0.1" },
};

/** What consumers/src/outcome.js gives. */
export const known = { workers: { listing, plan }, inPlace: { listing, plan } };

/** A project below `home`, whose node_modules have the package; its `src/main.js` is `entry` of consumers/src. */
export function project(home: string, name: string, entry: string): string {
  const folder = `${home}${name.replaceAll(/\W+/g, "-").toLowerCase()}/`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(`${folder}dist`, { recursive: true });
  symlinkSync("../node_modules", `${folder}node_modules`);
  writeFileSync(`${folder}package.json`, JSON.stringify({ private: true, type: "module" }));
  writeFileSync(`${folder}package-lock.json`, "{}"); // by which Parcel knows the root of a project
  cpSync(`${root}test/consumers/src`, `${folder}src`, { recursive: true });
  cpSync(`${root}test/consumers/src/${entry}.js`, `${folder}src/main.js`);
  const files = contents.map(([path, content]) => [path, content.toString("base64")]);
  writeFileSync(`${folder}src/files.js`, `export const files = ${JSON.stringify(files)};\n`);
  page(folder, `<script type="module" src="./src/main.js"></script>`);
  page(`${folder}dist/`, `<script type="module" src="main.js"></script>`);
  return folder;
}

/** A page with nothing but a script. */
export function page(folder: string, script: string): void {
  writeFileSync(`${folder}index.html`, `<!doctype html><title>t</title><link rel="icon" href="data:," />${script}`);
}

const readme = readFileSync(`${root}README.md`, "utf8").split("\n");

/** The line of the README that starts so: what it tells its readers is what is tried. */
export function documented(start: string): string {
  const line = readme.find((line) => line.startsWith(start));
  if (line === undefined) throw new Error(`wasm/README.md has no line that starts with: ${start}`);
  return line;
}

/** Copies the engine's module beside a bundle. */
export const COPY = documented("cp node_modules/airwaybill/");

/** Runs command lines with the tools of the project, and of this package; gives what the last one prints. */
export function run(commands: readonly string[], folder: string): string {
  const path = [`${folder}node_modules/.bin`, `${root}node_modules/.bin`, process.env["PATH"]].join(delimiter);
  const { NODE_ENV, VITEST, ...env } = process.env; // of the test itself
  const options = { cwd: folder, env: { ...env, PATH: path }, encoding: "utf8", stdio: "pipe", shell: true } as const;
  return commands.map((command) => execFileSync(command, options)).at(-1)!;
}
