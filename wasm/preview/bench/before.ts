// The page as it was before it looked at what it is given, built once from this repository's history into `target/before`.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { TOP } from "../test/support/places.js";

/** It came with the first change of the page that this looks back at. */
const FIRST_CHANGED = "wasm/preview/src/engine/given.ts";

const git = (...args: string[]) => execFileSync("git", args, { cwd: TOP, encoding: "utf8" }).trim();

/** Where its files are. */
export function builtBefore(): string {
  const came = git("log", "--diff-filter=A", "--format=%H", "--", FIRST_CHANGED).split("\n").at(-1);
  if (!came) throw new Error("this needs a git checkout with its history");
  const commit = git("rev-parse", `${came}^`);
  const place = join(TOP, "target/before", `page-${commit}`);
  if (existsSync(place)) return place;
  const source = `${place}.source`;
  rmSync(source, { recursive: true, force: true });
  mkdirSync(source, { recursive: true });
  execFileSync("tar", ["-x", "-C", source], { input: execFileSync("git", ["archive", commit], { cwd: TOP, maxBuffer: 2 ** 30 }) });
  // Beside today's build, which has files of the same names.
  const env = { ...process.env, CARGO_TARGET_DIR: join(TOP, "target/before/cargo") };
  const run = (directory: string, program: string, ...args: string[]) => execFileSync(program, args, { cwd: join(source, directory), env, stdio: "inherit" });
  run("wasm", "npm", "ci", "--silent");
  for (const license of ["LICENSE-APACHE", "LICENSE-MIT"]) cpSync(join(source, license), join(source, "wasm", license));
  run("wasm", "node", "build.mjs");
  run("wasm/preview", "npm", "ci", "--silent");
  run("wasm/preview", "npx", "vite", "build");
  renameSync(join(source, "python/airwaybill/preview"), place);
  rmSync(source, { recursive: true });
  return place;
}
