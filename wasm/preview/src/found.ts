// What the findings of a check are about, and how to accept them.

import type { FindingsAnswer, FoundFinding } from "./engine/protocol.js";

/** Findings of one kind, which have the same advice. */
export interface Group extends Pick<FoundFinding, "level" | "code" | "advice"> {
  findings: readonly FoundFinding[];
  /** What accepts them; see `acceptLines`. */
  lines: string;
}

/** In the order of the first of each. */
export function grouped(findings: readonly FoundFinding[]): Group[] {
  const groups = new Map<string, FoundFinding[]>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.level, finding.code, finding.advice]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()].map((findings) => {
    const { level, code, advice } = findings[0]!;
    return { level, code, advice, findings, lines: acceptLines(findings) };
  });
}

/** The places among `paths`, those of a plan, that each finding is about: its file, or the files below its directory. */
export function rowsOf({ findings, target }: FindingsAnswer, paths: readonly string[]): Map<string, Set<number>> {
  const codes = new Map<string, string[]>();
  for (const { path, code } of findings) {
    const [release, rest] = [path.slice(0, path.indexOf("/")), path.slice(path.indexOf("/") + 1)];
    if (release === target) codes.set(rest, [...(codes.get(rest) ?? []), code]);
  }
  const rows = new Map<string, Set<number>>();
  paths.forEach((path, row) => {
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      for (const code of codes.get(path.slice(0, end)) ?? []) rows.set(code, (rows.get(code) ?? new Set()).add(row));
    }
  });
  return rows;
}

/** The lines of `check.toml` that accept findings; none for paths that no glob can have, such as that of the directory itself. */
export function acceptLines(findings: readonly FoundFinding[]): string {
  const accept = ({ code, path }: FoundFinding) =>
    ["[[accept]]", `code = ${quoted(code)}`, `path = ${quoted(globOf(path))}`, 'reason = ""', ""].join("\n");
  return findings.filter(({ path }) => globOf(path).split("/").every((name) => !/^\.{0,2}$/.test(name))).map(accept).join("\n");
}

/** A glob that matches this path alone; that of a directory may end in a slash. */
function globOf(path: string): string {
  return path.replace(/\/$/, "").replace(/[\\*?[\]{}!]/g, "\\$&");
}

/** A basic string of TOML, in which a text needs the same escapes as in JSON. */
const quoted = (text: string) => JSON.stringify(text);
