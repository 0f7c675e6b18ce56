// The npm package: what is in it, its types, and what it says of its element.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import type { CustomElementDeclaration, Package } from "custom-elements-manifest/schema.js";
import { beforeAll, expect, test } from "vitest";

import { TABS } from "../src/fragment.js";
import { INSTALLED, install, PACKED, PROJECT, tool } from "./support/embedding.js";
import { TOP } from "./support/places.js";

const read = (path: string) => readFileSync(path, "utf8");
const about = (path: string) => JSON.parse(read(path)) as Record<string, unknown>;
const { version } = about(`${TOP}/wasm/preview/package.json`) as { version: string };
const tarball = `${PACKED}/airwaybill-preview-${version}.tgz`;
/** A program of the engine's package, which judges packages. */
const judge = (name: string, ...options: string[]) => execFileSync(`${TOP}/wasm/node_modules/.bin/${name}`, options, { encoding: "utf8", stdio: "pipe" });

beforeAll(install);

test("it has its files and nothing else, and needs no other package", () => {
  const files = readdirSync(INSTALLED, { recursive: true, encoding: "utf8" }).sort();
  expect(files).toEqual([
    ...["LICENSE-APACHE", "LICENSE-MIT", "README.md", "custom-elements.json", "dist"],
    ...["dist/engine-worker.js", "dist/engine_bg.wasm", "dist/hash-worker.js", "dist/licenses.md", "dist/release-preview.js", "dist/reporting_bg.wasm"],
    ...["package.json", "release-preview.d.ts"],
  ]);
  const said = about(`${INSTALLED}/package.json`);
  expect(said).toMatchObject({ name: "airwaybill-preview", version, license: "MIT OR Apache-2.0", customElements: "custom-elements.json" });
  expect(said).not.toHaveProperty("dependencies");
  for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) expect(read(`${INSTALLED}/${name}`)).toBe(read(`${TOP}/${name}`));
});

test("it is what the server's page is made of: the same engine, the same libraries", () => {
  const page = `${TOP}/python/airwaybill/preview`;
  const served = readdirSync(`${page}/assets`);
  for (const name of ["engine_bg", "reporting_bg"]) {
    const hashed = served.find((file) => file.startsWith(`${name}-`))!;
    expect(readFileSync(`${INSTALLED}/dist/${name}.wasm`).equals(readFileSync(`${page}/assets/${hashed}`))).toBe(true);
  }
  expect(read(`${INSTALLED}/dist/licenses.md`)).toBe(read(`${page}/licenses.md`));
});

test("no file asks for another in a way that a bundler does not see, nor uses eval", () => {
  for (const name of readdirSync(`${INSTALLED}/dist`).filter((name) => name.endsWith(".js"))) {
    const code = read(`${INSTALLED}/dist/${name}`);
    expect(code, name).not.toMatch(/^(import|export) .*from\b|\bimport\(/m);
    expect(code, name).not.toMatch(/\beval\(|new Function\b/);
  }
});

test("it is right for publint and for every way to find types", () => {
  expect(judge("publint", "--strict", tarball)).not.toMatch(/warning|error/i);
  judge("attw", tarball, "--profile", "esm-only", "--exclude-entrypoints", "./custom-elements.json");
});

test("its types hold in a project, and refuse what is wrong", () => {
  tool("tsc", PROJECT, "-p", ".");
  tool("tsc", PROJECT, "-p", ".", "--module", "esnext", "--moduleResolution", "bundler");
});

test("its custom-elements manifest is one, and says what the types say", () => {
  const text = read(`${INSTALLED}/custom-elements.json`);
  const check = `${PROJECT}/manifest`;
  rmSync(check, { recursive: true, force: true });
  mkdirSync(`${check}/src`, { recursive: true });
  cpSync(`${TOP}/wasm/preview/node_modules/custom-elements-manifest/schema.d.ts`, `${check}/src/schema.d.ts`);
  cpSync(`${PROJECT}/tsconfig.json`, `${check}/tsconfig.json`);
  writeFileSync(`${check}/package.json`, JSON.stringify({ type: "module" }));
  writeFileSync(`${check}/src/manifest.ts`, `import type { Package } from "./schema.js";\nexport const manifest: Package = ${text};\n`);
  tool("tsc", check, "-p", ".");

  const { modules } = JSON.parse(text) as Package;
  const [declared] = modules[0]!.declarations as CustomElementDeclaration[];
  const types = read(`${INSTALLED}/release-preview.d.ts`);
  const own = types.slice(types.indexOf("export class ReleasePreview"), types.indexOf("  addEventListener<"));
  const members = [...own.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, name]) => name);
  expect(declared!.members!.map(({ name }) => name).sort()).toEqual(members.sort());
  const map = types.slice(types.indexOf("interface ReleasePreviewEventMap"), types.indexOf("/** The element"));
  const events = [...map.matchAll(/^ {2}"([\w-]+)": (.*);$/gm)].map(([, name, type]) => ({ name, type }));
  expect(declared!.events!.map(({ name, type }) => ({ name, type: type.text }))).toEqual(events);
  expect(types).toContain(`export type Tab = ${TABS.map((tab) => `"${tab}"`).join(" | ")};`);
  for (const tab of TABS) expect(declared!.attributes!.find(({ name }) => name === "tabs")!.description).toContain(tab);
});
