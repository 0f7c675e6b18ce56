// A plan as columns for the table.

import type { FileRecord, Plan } from "airwaybill";

import { KINDS, type Kind, type Rows } from "./protocol.js";

/** What the engine says that a device on some version has. */
export interface DeviceFiles {
  /** The name of the release that has them. */
  release: string;
  files: ReadonlyMap<string, FileRecord>;
  /** Those that no plan touches. */
  kept: ReadonlySet<string>;
}

interface Row {
  path: string;
  size: number;
}

/** One list of what happens to files, sorted by path, with its kind. */
export interface List {
  kind: Kind;
  rows: readonly Row[];
}

/** What each file of the device's release and of the target comes to. */
export function lists(plan: Plan | null, before: DeviceFiles, after: DeviceFiles): List[] {
  const kept = new Set([...before.kept, ...after.kept]);
  const touched = new Set(kept);
  const result: List[] = [{ kind: "protected", rows: [...kept].sort().map((path) => ({ path, size: NaN })) }];
  if (plan !== null) {
    const deleted = plan.delete.map((path) => ({ path, size: before.files.get(path)?.size ?? NaN }));
    result.push({ kind: "delete", rows: deleted }, { kind: "new", rows: plan.new }, { kind: "update", rows: plan.update });
    for (const { rows } of result) for (const { path } of rows) touched.add(path);
  }
  result.push({ kind: "same", rows: [...after.files.values()].filter(({ path }) => !touched.has(path)) });
  return result;
}

/** Merges lists that are sorted by path. */
export function columns(parts: readonly List[], before: DeviceFiles): Rows {
  const count = parts.reduce((sum, { rows }) => sum + rows.length, 0);
  const rows: Rows = { count, kinds: new Uint8Array(count), sizes: new Float64Array(count), before: new Float64Array(count), paths: "" };
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
    const { kind, rows: list } = parts[least]!;
    paths[row] = path;
    rows.kinds[row] = KINDS.indexOf(kind);
    rows.sizes[row] = list[heads[least]!]!.size;
    rows.before[row] = kind === "new" ? NaN : (before.files.get(path)?.size ?? NaN);
    heads[least]! += 1;
  }
  rows.paths = paths.join("\n");
  return rows;
}
