// Looks into files for the check, a few at a time, so that other questions get their answers meanwhile.

import { peek, type FileRecord, type Peek } from "airwaybill";

import { contentOf, type Contents } from "./contents.js";
import { slices } from "./pause.js";

/** A peek is made of all of a file: a larger one is not looked into. */
const FILE_BYTES = 64 * 1024 * 1024;

/** Adds to `known` what is not in it yet. Of a file that cannot be read or is too large there is none; of too many the small ones come first. */
export async function look(
  paths: readonly string[],
  find: (path: string) => FileRecord | null,
  contentsOf: (path: string) => Contents,
  known: Map<string, Peek>,
  isWanted: () => boolean,
): Promise<void> {
  const files = new Map<Contents, FileRecord[]>();
  for (const path of paths) {
    const listed = known.has(path) ? null : find(path);
    if (listed === null || listed.size > FILE_BYTES) continue;
    const contents = contentsOf(path);
    if (!files.get(contents)?.push(listed)) files.set(contents, [listed]);
  }
  for (const [contents, listed] of files) await read(within(contents.most, listed), contents, known, isWanted);
}

async function read(files: FileRecord[], contents: Contents, known: Map<string, Peek>, isWanted: () => boolean): Promise<void> {
  const { together } = contents;
  const pause = slices();
  for (let start = 0; start < files.length; start += together) {
    const reading = files.slice(start, start + together).map(async (listed) => {
      const content = await contentOf(contents, listed.path, listed).catch(() => null);
      if (content !== null) known.set(listed.path, peek(listed.path, content));
    });
    await Promise.all(reading);
    await pause();
    if (!isWanted()) throw outdated();
  }
}

/** In their order: a zip is read ahead. */
function within(most: Contents["most"], files: FileRecord[]): FileRecord[] {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (files.length <= most.files && bytes <= most.bytes) return files;
  let left = most.bytes;
  const smallest = [...files].sort((a, b) => a.size - b.size).slice(0, most.files);
  return smallest.filter(({ size }) => (left -= size) >= 0);
}

export function outdated(): DOMException {
  return new DOMException("another question was asked", "AbortError");
}
