// The files of a plan in the order in which they are shown, as a list or as a tree of directories.

import { KINDS, type PlanAnswer, type Rows } from "./engine/protocol.js";
import type { View } from "./fragment.js";

/** A tree of no more files than this starts open; of others, only what is at the top. */
const OPEN_FILES = 200;
const SHOWN_BY = ["filter", "kinds", "finding", "sort", "descending", "asTree"] as const;

/** A directory on the device, with what is shown of it. */
export interface Directory {
  /** With a `/` at its end; empty for what holds all. */
  path: string;
  name: string;
  level: number;
  directories: Directory[];
  /** Rows of the plan that are files of this directory itself. */
  rows: number[];
  /** By kind, of all files below. */
  counts: number[];
  /** What these have after the update. */
  bytes: number;
  /** How much they grow. */
  change: number;
}

/** A line of the list: a file, or a directory of a tree. */
export type Line = { level: number; /** Its place among its siblings, from 1. */ place: number; siblings: number } & (
  | { directory: Directory; isOpen: boolean; row: null }
  | { directory: null; row: number }
);

/** What the list is made of. */
export interface Listed {
  plan: PlanAnswer | null;
  paths: readonly string[];
  view: Pick<View, (typeof SHOWN_BY)[number]>;
  found: ReadonlyMap<string, ReadonlySet<number>>;
}

export interface Shown {
  /** All files, as rows of the plan, also those of directories that are closed. */
  files: readonly number[];
  lines: readonly Line[];
}

const NONE: Shown = { files: [], lines: [] };
const NO_ROWS: ReadonlySet<number> = new Set();

/** Made again only if something it depends on is another. */
export class FileList {
  #from: unknown[] = [];
  #shown: Shown = NONE;
  #top: Directory | null = null;
  #files = 0;
  /** Those that somebody opened or closed, by path. */
  #folded = new Map<string, boolean>();

  of({ plan, paths, view, found }: Listed): Shown {
    const only = view.finding === null ? null : (found.get(view.finding) ?? NO_ROWS);
    const from = [plan, only, ...SHOWN_BY.map((name) => view[name])];
    if (from.every((value, index) => value === this.#from[index])) return this.#shown;
    this.#from = from;
    if (plan === null) return (this.#shown = NONE);
    const files = sorted(plan.rows, paths, view, only);
    this.#files = files.length;
    this.#top = view.asTree ? treeOf(files, plan.rows, paths, view) : null;
    const lines = files.map((row, index): Line => ({ directory: null, row, level: 1, place: index + 1, siblings: files.length }));
    this.#shown = this.#top === null ? { files, lines } : { files: [...filesOf(this.#top)], lines: this.#lines(this.#top) };
    return this.#shown;
  }

  /** Opens or closes a directory. */
  fold(path: string, isOpen: boolean): void {
    this.#folded.set(path, isOpen);
    this.#refold();
  }

  /** Opens the directories that a file is in. */
  unfold(path: string): void {
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) this.#folded.set(path.slice(0, end + 1), true);
    this.#refold();
  }

  #refold(): void {
    if (this.#top !== null) this.#shown = { files: this.#shown.files, lines: this.#lines(this.#top) };
  }

  #lines(top: Directory): Line[] {
    const lines: Line[] = [];
    const put = ({ directories, rows, level }: Directory) => {
      const about = (index: number) => ({ level: level + 1, place: index + 1, siblings: directories.length + rows.length });
      directories.forEach((directory, index) => {
        const isOpen = this.#folded.get(directory.path) ?? (directory.level === 1 || this.#files <= OPEN_FILES);
        lines.push({ directory, isOpen, row: null, ...about(index) });
        if (isOpen) put(directory);
      });
      rows.forEach((row, index) => lines.push({ directory: null, row, ...about(directories.length + index) }));
    };
    put(top);
    return lines;
  }
}

/** Without the `/` before an image. */
export const shownPath = (path: string) => path.replace(/^\//, "");

/** How many bytes a file grows; NaN if that is not known. */
export function growth({ kinds, sizes, before }: Rows, row: number): number {
  const kind = KINDS[kinds[row]!];
  if (kind === "delete") return -sizes[row]!;
  if (kind === "new") return sizes[row]!;
  return sizes[row]! - before[row]!;
}

function sorted(rows: Rows, paths: readonly string[], view: Listed["view"], only: ReadonlySet<number> | null): number[] {
  const { filter, kinds, sort, descending } = view;
  const wanted = KINDS.map((kind) => kinds.includes(kind));
  const needle = filter.toLowerCase();
  const order: number[] = [];
  for (let row = 0; row < rows.count; row += 1) {
    if (only !== null && !only.has(row)) continue;
    if (wanted[rows.kinds[row]!] && (needle === "" || paths[row]!.toLowerCase().includes(needle))) order.push(row);
  }
  // Rows are sorted by path already, and sorting is stable.
  if (sort === "kind") order.sort((left, right) => rows.kinds[left]! - rows.kinds[right]!);
  if (sort === "size" || sort === "change") {
    const numbers = sort === "size" ? rows.sizes : Float64Array.from({ length: rows.count }, (_, row) => growth(rows, row));
    const known = (row: number) => (Number.isNaN(numbers[row]!) ? -Infinity : numbers[row]!);
    order.sort((left, right) => known(left) - known(right) || 0);
  }
  return descending ? order.reverse() : order;
}

/** Directories come first, sorted as files are, by the sums of what is in them. */
function treeOf(files: readonly number[], rows: Rows, paths: readonly string[], { sort, descending }: Listed["view"]): Directory {
  const top = directoryOf("", 0);
  const known = new Map([["", top]]);
  const at = (path: string): Directory => {
    const found = known.get(path);
    if (found !== undefined) return found;
    const parent = at(path.slice(0, path.lastIndexOf("/", path.length - 2) + 1));
    const made = directoryOf(path, parent.level + 1);
    known.set(path, made);
    parent.directories.push(made);
    return made;
  };
  for (const row of files) {
    const path = paths[row]!;
    const own = at(path.startsWith("/") ? "" : path.slice(0, path.lastIndexOf("/") + 1));
    own.rows.push(row);
    own.counts[rows.kinds[row]!]! += 1;
    if (KINDS[rows.kinds[row]!] !== "delete") own.bytes += rows.sizes[row]! || 0;
    own.change += growth(rows, row) || 0;
  }
  const number = { size: "bytes", change: "change", path: null, kind: null } as const;
  const by = number[sort];
  const turn = descending ? -1 : 1;
  const add = (directory: Directory) => {
    for (const inner of directory.directories) {
      add(inner);
      inner.counts.forEach((count, kind) => (directory.counts[kind]! += count));
      directory.bytes += inner.bytes;
      directory.change += inner.change;
    }
    directory.directories.sort((left, right) => turn * ((by === null ? 0 : left[by] - right[by]) || (left.path < right.path ? -1 : 1)));
  };
  add(top);
  return top;
}

function directoryOf(path: string, level: number): Directory {
  const name = path.slice(path.lastIndexOf("/", path.length - 2) + 1);
  return { path, name, level, directories: [], rows: [], counts: KINDS.map(() => 0), bytes: 0, change: 0 };
}

function* filesOf({ directories, rows }: Directory): Generator<number> {
  for (const directory of directories) yield* filesOf(directory);
  yield* rows;
}
