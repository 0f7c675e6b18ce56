// Files from pickers and drops, handed on in pieces so that the page stays responsive.

import type { Given, PlacedFile } from "../package/release-preview.js";
import type { Source } from "./engine/protocol.js";
import { dropInstead, droppedItems, notGiven } from "./texts/sources.js";

const PIECE = 500;
/** How many files of a dropped folder are opened at once: the page is blocked while they arrive. */
const TOGETHER = 20;

/** What was dropped or picked: one file, such as a zip, or files with their paths. */
export type Choice = { file: File } | { name: string; pieces: AsyncIterable<Source[]> };

interface Pickers {
  /** Only in Chromium, on pages over HTTPS or from the same machine. */
  showDirectoryPicker?: (options: { id: string }) => Promise<FileSystemDirectoryHandle>;
}

/** Whether this browser may be able to choose a folder; those of many phones only seem to, see `isFolder`. */
export const choosesFolders = "webkitdirectory" in HTMLInputElement.prototype;

/** Whether what was picked is a folder: some browsers ask for files instead. */
export function isFolder({ files, webkitdirectory }: HTMLInputElement): boolean {
  return webkitdirectory && [...(files ?? [])].every((file) => file.webkitRelativePath !== "");
}

/** A hint for browsers without that picker; empty if there is one. */
export const folderHint = () => ((window as Pickers).showDirectoryPicker === undefined ? dropInstead : "");

/** Opens a picker for `input`; for a folder, if possible, the one that sees all of it. */
export async function choose(input: HTMLInputElement, take: (given: Choice) => void): Promise<void> {
  const pickers = window as Pickers;
  if (input.webkitdirectory && pickers.showDirectoryPicker !== undefined) {
    try {
      const directory = await pickers.showDirectoryPicker({ id: "releases" });
      return take({ name: directory.name, pieces: walk([ofHandle(directory, "")]) });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      // It is refused, for example, in a frame of another origin.
    }
  }
  input.value = "";
  input.click();
}

/** The files of an `<input>`; null if there are none. */
export function ofInput({ files }: HTMLInputElement): Choice | null {
  return files === null ? null : ofFiles(files);
}

/** What the page around has: see the types of the package. */
export async function ofPage(given: Given, name?: string): Promise<Choice> {
  if (given instanceof File) return { file: given };
  // Over plain HTTP there are no classes of handles.
  const handle = (given ?? {}) as Partial<FileSystemFileHandle | FileSystemDirectoryHandle>;
  if (handle.kind === "file") return { file: await (handle as FileSystemFileHandle).getFile() };
  if (handle.kind === "directory") return { name: name ?? handle.name!, pieces: walk([ofHandle(handle as FileSystemDirectoryHandle, "")]) };
  const several = given as Iterable<File | PlacedFile> | null;
  const files = typeof several?.[Symbol.iterator] === "function" ? [...several] : [];
  const isEach = files.every((file) => file instanceof File || (typeof file?.path === "string" && file.file instanceof Blob));
  const choice = isEach ? ofFiles(files, name) : null;
  if (choice === null) throw new TypeError(notGiven);
  return choice;
}

/** Of files that a directory was picked for, that one is the top directory. */
function ofFiles(files: ArrayLike<File | PlacedFile>, name?: string): Choice | null {
  const first = files[0];
  if (first === undefined) return null;
  if (files.length === 1 && first instanceof File && !first.webkitRelativePath) return { file: first };
  async function* pieces() {
    for (let start = 0; start < files.length; start += PIECE) {
      yield Array.from({ length: Math.min(PIECE, files.length - start) }, (_, index) => placed(files[start + index]!));
      await rest();
    }
  }
  const own = first instanceof File ? first.webkitRelativePath.split("/", 1)[0] || first.name : first.path.split("/", 1)[0]!;
  return { name: name ?? own, pieces: pieces() };
}

function placed(given: File | PlacedFile): PlacedFile {
  if (!(given instanceof File)) return given;
  const { webkitRelativePath: path, name } = given;
  return { path: path ? path.slice(path.indexOf("/") + 1) : name, file: given };
}

/** What was dropped: one file, one directory as the top directory, or files and directories in it. */
export function ofDrop(transfer: DataTransfer): Choice | null {
  // The items are cleared when the event ends.
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const files = [...transfer.files];
  const only = files.length === 1 ? files[0] : undefined;
  if (only !== undefined && entries[0]?.isDirectory !== true) return { file: only };
  if (entries.length === 0) {
    if (files.length === 0) return null;
    return { name: files[0]!.name, pieces: piecesOf(files) };
  }
  const root = entries.length === 1 && entries[0]!.isDirectory ? entries[0]! : null;
  const name = root?.name ?? droppedItems(entries.length);
  return { name, pieces: walk(entries.map((entry) => ofEntry(entry, root?.fullPath.length ?? 0))) };
}

/** A single file, for a manifest or a listing. */
export function fileOf(transfer: DataTransfer): File | null {
  const entry = transfer.items[0]?.webkitGetAsEntry();
  return entry?.isDirectory ? null : (transfer.files[0] ?? null);
}

export function isZip(file: File): boolean {
  return /\.zip$/i.test(file.name) || file.type === "application/zip" || file.type === "application/x-zip-compressed";
}

/** Files without directories. */
export async function* piecesOf(files: readonly File[]): AsyncIterable<Source[]> {
  yield files.map((file) => ({ path: file.name, file }));
}

/** A file, or a directory with its content. */
interface Item {
  path: string;
  file: (() => Promise<File>) | null;
  inside(): AsyncIterable<Item>;
}

function ofEntry(entry: FileSystemEntry, prefix: number): Item {
  const file = () => new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
  async function* inside() {
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      // Browsers give at most a hundred at a time.
      const found = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (found.length === 0) return;
      for (const inner of found) yield ofEntry(inner, prefix);
    }
  }
  return { path: entry.fullPath.slice(prefix + 1), file: entry.isFile ? file : null, inside };
}

function ofHandle(handle: FileSystemDirectoryHandle | FileSystemFileHandle, path: string): Item {
  const file = () => (handle as FileSystemFileHandle).getFile();
  async function* inside() {
    for await (const inner of (handle as FileSystemDirectoryHandle).values()) yield ofHandle(inner, path === "" ? inner.name : `${path}/${inner.name}`);
  }
  return { path, file: handle.kind === "file" ? file : null, inside };
}

async function* walk(start: Item[]): AsyncIterable<Source[]> {
  const directories = start.filter((item) => item.file === null);
  const files = start.filter((item) => item.file !== null);
  let piece: Source[] = [];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    let isEmpty = directory.path !== "";
    for await (const item of directory.inside()) {
      isEmpty = false;
      (item.file === null ? directories : files).push(item);
      if (files.length >= TOGETHER) piece.push(...(await Promise.all(files.splice(0).map(source))));
      if (piece.length < PIECE) continue;
      yield piece;
      piece = [];
    }
    if (isEmpty) piece.push({ path: `${directory.path}/`, file: null });
  }
  piece.push(...(await Promise.all(files.map(source))));
  yield piece;
}

async function source({ path, file }: Item): Promise<Source> {
  return { path, file: await file!().catch(() => null) };
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
