// The tarball: what is in it, how large it is, and its types.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import * as engine from "../dist/engine.js";
import * as node from "../dist/node.js";
import { Manifest } from "./airwaybill.js";
import { installed, packed, project, root } from "./places.js";
import { cases, run } from "./vectors.js";

const read = (path: string) => readFileSync(path, "utf8");
const tool = (name: string, cwd: string, ...options: string[]) =>
  execFileSync(`${root}node_modules/.bin/${name}`, options, { cwd, encoding: "utf8", stdio: "pipe" });
// By gzip itself: the zlib of Node gives some two percent more.
const gzipped = (...names: string[]) =>
  execFileSync("gzip", ["-9"], { input: Buffer.concat(names.map((name) => readFileSync(`${installed}dist/${name}`))) }).length;
const { version } = JSON.parse(read(`${root}package.json`)) as { version: string };

describe("size", () => {
  test("the module is at most 200 KB gzipped", () => {
    expect(gzipped("engine_bg.wasm")).toBeLessThanOrEqual(200_000);
  });

  test("that of patches, which is another, is at most 71 KB gzipped", () => {
    expect(gzipped("delta_bg.wasm")).toBeLessThanOrEqual(71_000);
  });

  test("that of the report, which is another, is at most 67 KB gzipped", () => {
    expect(gzipped("reporting_bg.wasm")).toBeLessThanOrEqual(67_000);
  });

  test("the JavaScript of a page is at most 10 KB gzipped", () => {
    const page = readdirSync(`${installed}dist`).filter((name) => name.endsWith(".js") && !/node|manual|patches|delta|report|side-module/.test(name));
    expect(gzipped(...page)).toBeLessThanOrEqual(10_000);
  });

  test("nothing of the machine that built it is in it", () => {
    for (const name of ["engine_bg.wasm", "delta_bg.wasm", "reporting_bg.wasm"]) {
      const module = readFileSync(`${installed}dist/${name}`, "latin1");
      expect(module.match(/.{0,20}(\/root|\/home|\/Users|\.cargo|index\.crates\.io)[ -~]*/g)).toBeNull();
    }
  });
});

describe("package", () => {
  test("has the version of the workspace", () => {
    expect(read(`${root}../Cargo.toml`)).toContain(`\nversion = "${version}"`);
  });

  test("the lock files name no host", () => {
    for (const folder of ["", "test/consumers/"]) expect(read(`${root}${folder}package-lock.json`)).not.toContain("resolved");
  });

  test("exports every class and function of the engine, and nothing of its start", () => {
    const expected = Object.keys(engine).filter((name) => !name.startsWith("__wb"));
    expect(Object.keys(node).sort()).toEqual([...expected, "hashFiles"].sort());
  });

  test("every class, function, type and field says what it is", () => {
    const lines = read(`${installed}dist/engine.d.ts`).split("\n");
    const names = lines.map((line, at) => ({ line, before: lines[at - 1] })).filter(({ line }) => /^(export (?!type \{)| {4}\w)/.test(line));
    const generated = /^ {4}(private constructor|free)\(\)/;
    expect(names.length).toBeGreaterThan(100);
    expect(names.filter(({ line, before }) => !generated.test(line) && !before?.endsWith("*/"))).toEqual([]);
  });

  test("uses no eval", () => {
    for (const name of readdirSync(`${installed}dist`).filter((name) => name.endsWith(".js"))) {
      expect(read(`${installed}dist/${name}`)).not.toMatch(/\beval\(|new Function\b|[^`\w]Function\(/);
    }
  });

  test("is right for publint", () => {
    expect(tool("publint", root, "--strict", `${packed}airwaybill-${version}.tgz`)).not.toMatch(/warning|error/i);
  });

  test("has types that every resolution finds", () => {
    tool("attw", root, `${packed}airwaybill-${version}.tgz`, "--profile", "esm-only", "--exclude-entrypoints", "./engine.wasm", "./patches.wasm", "./report.wasm");
  });
});

describe("types", () => {
  test("are what the module gives", () => {
    const literals: string[] = [];
    const hold = (type: string, value: unknown) => {
      literals.push(`export const value${literals.length}: ${type} = ${JSON.stringify(value)};`);
    };
    for (const area of ["catalog", "plan", "manifest", "verify"]) {
      for (const { input, ok } of cases(area)) {
        if (ok === undefined) continue;
        const value = run[area]!(input) as any;
        if (input.listing) hold("Entry[]", input.listing);
        if (area === "plan") hold("Plan | null", value);
        if (area === "verify") hold("Report", value);
        if (area === "manifest" && value !== "null") hold("ManifestDocument", Manifest.parse(value).toObject());
        if (area === "catalog") {
          hold("Firmware[]", value.firmware);
          hold("Pick<Notice, 'code' | 'path'>[]", [...value.ignored, ...value.warnings]);
          hold("{ version: string; files: FileRecord[] }[]", value.releases);
        }
      }
    }
    const names = "Entry, FileRecord, Firmware, ManifestDocument, Notice, Plan, Report";
    writeFileSync(`${project}src/outcomes.ts`, `import type { ${names} } from "airwaybill";\n${literals.join("\n")}\n`);
    expect(literals.length).toBeGreaterThan(100);
    tool("tsc", project, "-p", ".");
  });

  test("refuse what the module does not give", () => {
    const wrong = [
      `export const a: Plan = { version: "1", previous_version: null, full: true, delete: [], new: [], update: [], keep: [] };`,
      `export const b: Report = { checked: 1, problems: [{ path: "", kind: "other", expected: null, found: null }] };`,
      `export const c: Plan = { version: "1", previous_version: null, full: true, delete: [], new: [], update: [], keep: [], firmware: null, more: 1 };`,
      `export const d: Entry = { path: "a", size: 1 };`,
      `export const e: Code = "no_such_code";`,
    ];
    const lines = wrong.map((line) => `// @ts-expect-error\n${line}`);
    writeFileSync(`${project}src/wrong.ts`, `import type { Code, Entry, Plan, Report } from "airwaybill";\n${lines.join("\n")}\n`);
    tool("tsc", project, "-p", ".");
  });

  test.each([
    ["of the DOM library", "."],
    ["of Node, without the DOM library", "node"],
    ["of no platform", "plain"],
  ])("hold beside those %s", (_, folder) => {
    tool("tsc", project, "-p", folder, "--typeRoots", `${root}node_modules/@types`);
  });

  test("of the package's sources and tests hold", () => {
    tool("tsc", root, "-p", "test");
  });
});
