// A plan as columns for the table.

import type { Plan } from "airwaybill";

import { KINDS, type Kind, type Rows } from "./protocol.js";

interface Row {
  path: string;
  size: number;
}

/** One sorted list of what happens to files, with its kind. */
export interface List {
  kind: Kind;
  rows: readonly Row[];
}

/** What each file of the two releases comes to. `free` is the plan that no protection holds back. */
export function lists(
  plan: Plan | null,
  free: Plan | null,
  kept: readonly Row[],
  sizeBefore: (path: string) => number,
): List[] {
  const touched = new Set<string>();
  const deleted = (paths: readonly string[]) => paths.map((path) => ({ path, size: sizeBefore(path) }));
  const result: List[] = [];
  if (plan !== null) {
    for (const path of plan.delete) touched.add(path);
    for (const { path } of plan.new) touched.add(path);
    for (const { path } of plan.update) touched.add(path);
    result.push(
      { kind: "delete", rows: deleted(plan.delete) },
      { kind: "new", rows: plan.new },
      { kind: "update", rows: plan.update },
    );
  }
  if (free !== null) {
    const held = [...deleted(free.delete), ...free.new, ...free.update].filter(({ path }) => !touched.has(path));
    held.sort((left, right) => (left.path < right.path ? -1 : 1));
    for (const { path } of held) touched.add(path);
    result.push({ kind: "protected", rows: held });
  }
  result.push({ kind: "same", rows: kept.filter(({ path }) => !touched.has(path)) });
  return result;
}

/** Merges lists that are sorted by path. */
export function columns(parts: readonly List[], sizeBefore: (path: string) => number): Rows {
  const count = parts.reduce((sum, { rows }) => sum + rows.length, 0);
  const kinds = new Uint8Array(count);
  const sizes = new Float64Array(count);
  const before = new Float64Array(count);
  const paths = new Array<string>(count);
  const heads = parts.map(() => 0);
  for (let row = 0; row < count; row += 1) {
    let least = -1;
    let path = "";
    for (let part = 0; part < parts.length; part += 1) {
      const head = parts[part]!.rows[heads[part]!];
      if (head !== undefined && (least < 0 || head.path < path)) {
        least = part;
        path = head.path;
      }
    }
    const { kind, rows } = parts[least]!;
    paths[row] = path;
    sizes[row] = rows[heads[least]!]!.size;
    before[row] = kind === "new" ? NaN : sizeBefore(path);
    kinds[row] = KINDS.indexOf(kind);
    heads[least]! += 1;
  }
  return { count, kinds, sizes, before, paths: paths.join("\n") };
}
