// A plan as columns for the table.

import type { FileRecord, Firmware, Plan } from "airwaybill";

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
  /** Of an image, bytes of the one that it replaces. */
  before?: number;
}

/** One list of what happens to files, sorted by path, with its kind. */
export interface List {
  kind: Kind;
  rows: readonly Row[];
}

/** The path of an image in the rows: no file of a release has one that begins so. */
export const imagePath = ({ path }: Firmware) => `/${path}`;

/** What each file of the device's release and of the target comes to, and the image, in place of another one if that is known. */
export function lists(plan: Plan | null, before: DeviceFiles, after: DeviceFiles, replaced: Firmware | null): List[] {
  const kept = new Set([...before.kept, ...after.kept]);
  const touched = new Set(kept);
  const result: List[] = [{ kind: "protected", rows: [...kept].sort().map((path) => ({ path, size: NaN })) }];
  if (plan !== null) {
    const deleted = plan.delete.map((path) => ({ path, size: before.files.get(path)?.size ?? NaN }));
    result.push({ kind: "delete", rows: deleted }, { kind: "new", rows: plan.new }, { kind: "update", rows: plan.update });
    for (const { rows } of result) for (const { path } of rows) touched.add(path);
    if (plan.firmware !== null) result.push({ kind: "flash", rows: [{ path: imagePath(plan.firmware), size: plan.firmware.size, before: replaced?.size ?? NaN }] });
  }
  result.push({ kind: "same", rows: [...after.files.values()].filter(({ path }) => !touched.has(path)) });
  return result;
}

/** What is deleted at one path and new at another with the same content, which is not empty: each path with the other. */
export function movesOf(plan: Plan | null, { files }: DeviceFiles): Map<string, string> {
  const moves = new Map<string, string>();
  if (plan === null) return moves;
  const contents = new Map<string, { from: string[]; to: string[] }>();
  const keyOf = ({ sha1, size }: Pick<FileRecord, "sha1" | "size">) => `${sha1} ${size}`;
  for (const path of plan.delete) {
    const file = files.get(path);
    if (file === undefined || file.size === 0) continue;
    const same = contents.get(keyOf(file));
    if (same === undefined) contents.set(keyOf(file), { from: [path], to: [] });
    else same.from.push(path);
  }
  for (const file of plan.new) contents.get(keyOf(file))?.to.push(file.path);
  for (const { from, to } of contents.values()) {
    // Of several, one of the same name, or else the next one by path.
    const named = new Map<string, string[]>();
    for (const path of [...to].reverse()) named.set(nameOf(path), [...(named.get(nameOf(path)) ?? []), path]);
    const chosen = new Map(from.map((path) => [path, named.get(nameOf(path))?.pop()]));
    const taken = new Set(chosen.values());
    const left = to.filter((path) => !taken.has(path)).values();
    for (const path of from) {
      const other = chosen.get(path) ?? left.next().value;
      if (other !== undefined) moves.set(path, other).set(other, path);
    }
  }
  return moves;
}

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** Merges lists that are sorted by path. */
export function columns(parts: readonly List[], before: DeviceFiles, moves: ReadonlyMap<string, string>): Rows {
  const count = parts.reduce((sum, { rows }) => sum + rows.length, 0);
  const rows: Rows = {
    ...{ count, kinds: new Uint8Array(count), sizes: new Float64Array(count), before: new Float64Array(count), paths: "" },
    moved: new Int32Array(count).fill(-1),
  };
  const paths = new Array<string>(count);
  const places = new Map<string, number>();
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
    const item = list[heads[least]!]!;
    paths[row] = path;
    rows.kinds[row] = KINDS.indexOf(kind);
    rows.sizes[row] = item.size;
    rows.before[row] = kind === "new" ? NaN : (item.before ?? before.files.get(path)?.size ?? NaN);
    if (moves.has(path)) places.set(path, row);
    heads[least]! += 1;
  }
  for (const [path, row] of places) rows.moved[row] = places.get(moves.get(path)!)!;
  rows.paths = paths.join("\n");
  return rows;
}
