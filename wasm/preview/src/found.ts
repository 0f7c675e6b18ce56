// What the findings of a check are about, and how to accept them.

import type { FindingsAnswer, FoundFinding } from "./engine/protocol.js";

/** Findings of one kind, which have the same advice. */
export interface Group extends Pick<FoundFinding, "level" | "code" | "advice"> {
  findings: FoundFinding[];
}

/** In the order of the first of each. */
export function grouped(findings: readonly FoundFinding[]): Group[] {
  const groups = new Map<string, Group>();
  for (const finding of findings) {
    const { level, code, advice } = finding;
    const key = JSON.stringify([level, code, advice]);
    const group = groups.get(key) ?? { level, code, advice, findings: [] };
    groups.set(key, group);
    group.findings.push(finding);
  }
  return [...groups.values()];
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

/** The lines of `check.toml` that accept findings; none for those of the directory itself, which no glob matches. */
export function acceptLines(findings: readonly FoundFinding[]): string {
  const accept = ({ code, path }: FoundFinding) =>
    ["[[accept]]", `code = ${quoted(code)}`, `path = ${quoted(globOf(path))}`, 'reason = ""', ""].join("\n");
  return findings.filter(({ path }) => path !== "").map(accept).join("\n");
}

/** A glob that matches this path alone. */
function globOf(path: string): string {
  return path.replace(/[\\*?[\]{}!]/g, "\\$&");
}

/** A basic string of TOML, in which a text needs the same escapes as in JSON. */
const quoted = (text: string) => JSON.stringify(text);
