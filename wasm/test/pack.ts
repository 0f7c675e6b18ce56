// Packs the package once and installs it into an empty project, where every test takes it from.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { packed, project, root } from "./places.js";

export default function setup(): void {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { version: string };
  mkdirSync(packed, { recursive: true });
  const npm = (cwd: string, ...options: string[]) => execFileSync("npm", options, { cwd, stdio: "pipe" });
  npm(root, "pack", "--silent", "--pack-destination", packed);
  rmSync(project, { recursive: true, force: true });
  cpSync(`${root}test/project`, project, { recursive: true });
  writeFileSync(`${project}package.json`, JSON.stringify({ private: true, type: "module" }));
  npm(project, "install", "--silent", "--no-audit", "--no-fund", "--offline", `${packed}airwaybill-${version}.tgz`);
}
