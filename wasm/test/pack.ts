// Packs the package once and installs it where the tests take it from.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { consumers, packed, project, root } from "./places.js";

export default function setup(): void {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { version: string };
  mkdirSync(packed, { recursive: true });
  const npm = (cwd: string, ...options: string[]) => execFileSync("npm", options, { cwd, stdio: "pipe" });
  npm(root, "pack", "--silent", "--pack-destination", packed);
  rmSync(project, { recursive: true, force: true });
  cpSync(`${root}test/project`, project, { recursive: true });
  writeFileSync(`${project}package.json`, JSON.stringify({ private: true, type: "module" }));
  const homes = existsSync(`${consumers}node_modules`) ? [project, consumers] : [project];
  for (const home of homes) npm(home, "install", "--silent", "--no-audit", "--no-fund", "--no-save", "--offline", `${packed}airwaybill-${version}.tgz`);
}
