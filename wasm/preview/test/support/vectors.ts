// The shared vectors of the check, as a person has them: releases to open, and what is to be read.

import { readFileSync } from "node:fs";

import { zipSync, type Zippable } from "fflate";
import { stringify } from "smol-toml";

import type { FoundFinding } from "../../src/engine/protocol.js";
import { TOP } from "./places.js";

interface Vector {
  name: string;
  input: {
    listing?: { path: string; size?: number; link?: string | null; unread?: string; mtime?: number }[];
    contents?: Record<string, string | [hex: string, times: number][]>;
    options?: Record<string, unknown>;
    check?: { current?: string[]; target?: string; settings?: object };
  };
  ok?: { findings: FoundFinding[] } | null;
}

export interface Case {
  name: string;
  /** What the page is asked for, behind the `#` of its address. */
  view: string;
  files: Record<string, Uint8Array>;
  directories: string[];
  links: Record<string, string>;
  findings: FoundFinding[];
}

const SYMBOLIC_LINK = 0o120777;
const UNIX = 3;

/** The cases of a file of vectors; all of `check/`, but those that a page cannot be given: see `fits`. */
export function cases(...names: string[]): Case[] {
  const read = (name: string) => JSON.parse(readFileSync(`${TOP}/tests/vectors/check/${name}.json`, "utf8")) as Vector[];
  return names.flatMap((name) => read(name).filter(fits).map((vector) => ofVector(name, vector)));
}

/**
 * A person cannot give the page nothing, a refused request, settings alone, more than one device, globs and the time of a server, files that cannot be read, and
 * those of whose content nothing is known.
 */
function fits({ input: { listing = [], contents = {}, options = {}, check = {} }, ok }: Vector): boolean {
  const isPlain = listing.every(
    ({ path, size = 0, link, unread, mtime }) =>
      link !== null && unread === undefined && mtime === undefined && (size === 0 || contents[path] !== undefined),
  );
  return ok != null && isPlain && listing.length > 0 && Object.keys(options).every((key) => key === "scheme") && (check.current ?? []).length <= 1;
}

function ofVector(file: string, { name, input, ok }: Vector): Case {
  const { contents = {}, check = {} } = input;
  const { current, target, settings } = check;
  const view = new URLSearchParams();
  if (current?.[0] !== undefined) view.set("from", current[0]);
  if (target !== undefined) view.set("to", target);
  if (typeof input.options?.scheme === "string") view.set("scheme", input.options.scheme);
  const found: Case = { name: `${file}-${name}`, view: view.toString(), files: {}, directories: [], links: {}, findings: ok!.findings };
  for (const { path, link } of input.listing ?? []) {
    if (path.endsWith("/")) found.directories.push(path);
    else if (link != null) found.links[path] = link;
    else found.files[path] = bytes(contents[path] ?? "");
  }
  if (settings !== undefined) found.files["check.toml"] = bytes(stringify(settings));
  return found;
}

function bytes(content: string | [hex: string, times: number][]): Uint8Array {
  if (typeof content === "string") return new TextEncoder().encode(content);
  return new Uint8Array(Buffer.concat(content.map(([hex, times]) => Buffer.from(hex.repeat(times), "hex"))));
}

/** The releases as a zip. */
export function zipped({ files, directories, links }: Case): Uint8Array {
  const zip: Zippable = { ...files };
  for (const path of directories) zip[path] = new Uint8Array();
  for (const [path, target] of Object.entries(links)) {
    const up = "../".repeat(path.split("/").length - 1);
    zip[path] = [new TextEncoder().encode(up + target), { os: UNIX, attrs: SYMBOLIC_LINK << 16 }];
  }
  return zipSync(zip);
}

const count = (findings: readonly FoundFinding[], level: FoundFinding["level"]) => findings.filter((finding) => finding.level === level).length;
const plural = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;

export function signOf(findings: readonly FoundFinding[]): string {
  return count(findings, "error") > 0 ? "✕" : count(findings, "warning") > 0 ? "!" : "✓";
}

/** What the panel says at its top. */
export function verdictOf(findings: readonly FoundFinding[]): string {
  const parts = (["error", "warning"] as const).filter((level) => count(findings, level) > 0).map((level) => plural(count(findings, level), level));
  return parts.length === 0 ? "fine" : parts.join(", ");
}

/** The fold for hints; null if there is none. */
export function hintsOf(findings: readonly FoundFinding[]): string | null {
  const hints = count(findings, "hint");
  return hints === 0 ? null : plural(hints, "hint");
}
