// Files from pickers and drops, handed on in pieces so that the page stays responsive.

import type { Source } from "./engine/protocol.js";

const PIECE = 500;
/** How many files of a dropped folder are opened at once: the page is blocked while they arrive. */
const TOGETHER = 20;

/** What was dropped or picked: one zip, or files with their paths. */
export type Given = { zip: File } | { name: string; pieces: AsyncIterable<Source[]> };

/** The files of an `<input webkitdirectory>`; a picked directory is the top directory. */
export function ofInput(input: HTMLInputElement): Given | null {
  const files = input.files;
  if (files === null || files.length === 0) return null;
  const first = files[0]!;
  if (files.length === 1 && isZip(first) && !first.webkitRelativePath) return { zip: first };
  const name = first.webkitRelativePath.split("/", 1)[0] || first.name;
  async function* pieces() {
    for (let start = 0; start < files!.length; start += PIECE) {
      const piece: Source[] = [];
      for (let index = start; index < Math.min(start + PIECE, files!.length); index += 1) {
        const file = files![index]!;
        const path = file.webkitRelativePath;
        piece.push({ path: path ? path.slice(path.indexOf("/") + 1) : file.name, file });
      }
      yield piece;
      await rest();
    }
  }
  return { name, pieces: pieces() };
}

/** What was dropped: a zip, one directory as the top directory, or files and directories in it. */
export function ofDrop(transfer: DataTransfer): Given | null {
  // The items are cleared when the event ends.
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const files = [...transfer.files];
  const only = files.length === 1 ? files[0] : undefined;
  if (only !== undefined && isZip(only) && entries[0]?.isDirectory !== true) return { zip: only };
  if (entries.length === 0) {
    if (files.length === 0) return null;
    return { name: files[0]!.name, pieces: list(files.map((file) => ({ path: file.name, file }))) };
  }
  const root = entries.length === 1 && entries[0]!.isDirectory ? entries[0]! : null;
  const name = root?.name ?? `${entries.length} dropped items`;
  return { name, pieces: walk(root === null ? entries : [root], root === null ? 0 : root.fullPath.length) };
}

/** A single file, for a manifest or a listing. */
export function fileOf(transfer: DataTransfer): File | null {
  const entry = transfer.items[0]?.webkitGetAsEntry();
  return entry?.isDirectory ? null : (transfer.files[0] ?? null);
}

export function isZip(file: File): boolean {
  return /\.zip$/i.test(file.name) || file.type === "application/zip" || file.type === "application/x-zip-compressed";
}

async function* list(sources: Source[]) {
  yield sources;
}

async function* walk(start: FileSystemEntry[], prefix: number): AsyncIterable<Source[]> {
  const waiting = [...start];
  let piece: Source[] = [];
  for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
    if (entry.isDirectory) {
      const reader = (entry as FileSystemDirectoryEntry).createReader();
      for (;;) {
        // Browsers give at most a hundred at a time.
        const found = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
        if (found.length === 0) break;
        const files = found.filter((item) => item.isFile);
        for (let start = 0; start < files.length; start += TOGETHER) {
          piece.push(...(await Promise.all(files.slice(start, start + TOGETHER).map((item) => source(item, prefix)))));
        }
        for (const item of found) if (item.isDirectory) waiting.push(item);
        if (piece.length < PIECE) continue;
        yield piece;
        piece = [];
      }
    } else {
      piece.push(await source(entry, prefix));
    }
  }
  yield piece;
}

async function source(entry: FileSystemEntry, prefix: number): Promise<Source> {
  const path = entry.fullPath.slice(prefix + 1);
  try {
    return { path, file: await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)) };
  } catch {
    return { path, file: null };
  }
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
