// What the findings of a check are about, and how to accept them.

import { SETTINGS_INVALID, type FindingsAnswer, type FoundFinding, type PlanAnswer } from "./engine/protocol.js";

/** Findings of one kind, which have the same advice. */
export interface Group extends Pick<FoundFinding, "level" | "code" | "advice"> {
  /** Its code, of the second one with the same code and a number. */
  name: string;
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
  const known = new Map<string, number>();
  return [...groups.values()].map((findings) => {
    const { level, code, advice } = findings[0]!;
    const number = (known.get(code) ?? 0) + 1;
    known.set(code, number);
    return { name: number === 1 ? code : `${code} ${number}`, level, code, advice, findings, lines: acceptLines(findings) };
  });
}

/** The places among `paths`, those of a plan, that each group of findings is about, by its name: their files, the files below their directories, or their image. */
export function rowsOf({ findings, target }: FindingsAnswer, paths: readonly string[]): Map<string, Set<number>> {
  const names = new Map<string, string[]>();
  for (const { name, findings: found } of grouped(findings)) {
    for (const { path } of found) {
      const [release, ...rest] = path.split("/");
      if (release !== target && rest.length > 0) continue;
      const place = rest.length > 0 ? rest.join("/") : `/${path}`;
      names.set(place, [...(names.get(place) ?? []), name]);
    }
  }
  const rows = new Map<string, Set<number>>();
  paths.forEach((path, row) => {
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      for (const name of names.get(path.slice(0, end)) ?? []) rows.set(name, (rows.get(name) ?? new Set()).add(row));
    }
  });
  return rows;
}

/** What `rowsOf` says of the plan that is shown, until findings or plan are others. */
export class FoundRows {
  #findings: FindingsAnswer | null = null;
  #plan: PlanAnswer | null = null;
  #rows: ReadonlyMap<string, ReadonlySet<number>> = new Map();

  of(findings: FindingsAnswer | null, plan: PlanAnswer | null, paths: readonly string[]): ReadonlyMap<string, ReadonlySet<number>> {
    if (this.#findings !== findings || this.#plan !== plan) {
      const shown = plan?.some ? plan.version : plan?.request.current;
      // Another release has other files.
      this.#rows = findings === null || shown !== findings.target ? new Map() : rowsOf(findings, paths);
      this.#findings = findings;
      this.#plan = plan;
    }
    return this.#rows;
  }
}

/** The lines of `check.toml` that accept findings; none for what is wrong with itself, and for paths that no glob can have, such as that of the directory. */
export function acceptLines(findings: readonly FoundFinding[]): string {
  const accept = ({ code, path }: FoundFinding) =>
    ["[[accept]]", `code = ${quoted(code)}`, `path = ${quoted(globOf(path))}`, 'reason = ""', ""].join("\n");
  const acceptable = findings.filter(({ code }) => code !== SETTINGS_INVALID);
  return acceptable.filter(({ path }) => globOf(path).split("/").every((name) => !/^\.{0,2}$/.test(name))).map(accept).join("\n");
}

/** A glob that matches this path alone; that of a directory may end in a slash. */
function globOf(path: string): string {
  return path.replace(/\/$/, "").replace(/[\\*?[\]{}!]/g, "\\$&");
}

/** A basic string of TOML, in which a text needs the same escapes as in JSON. */
const quoted = (text: string) => JSON.stringify(text);
