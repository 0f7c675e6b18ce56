// Looks into files for the check, a few at a time, so that other questions get their answers meanwhile.

import { peek, type FileRecord, type Peek } from "airwaybill";

import { contentOf, type Contents } from "./contents.js";

/** A peek is made of all of a file: a larger one is not looked into. */
const FILE_BYTES = 64 * 1024 * 1024;

/** Adds to `known` what is not in it yet. Of a file that cannot be read or is too large there is none; of too many the small ones come first. */
export async function look(
  paths: readonly string[],
  find: (path: string) => FileRecord | null,
  contents: Contents,
  known: Map<string, Peek>,
  isWanted: () => boolean,
): Promise<void> {
  const files = paths.flatMap((path) => {
    const listed = known.has(path) ? null : find(path);
    return listed === null || listed.size > FILE_BYTES ? [] : [listed];
  });
  const { together, most } = contents;
  const fitting = within(most, files);
  for (let start = 0; start < fitting.length; start += together) {
    const reading = fitting.slice(start, start + together).map(async (listed) => {
      const content = await contentOf(contents, listed.path, listed).catch(() => null);
      if (content !== null) known.set(listed.path, peek(listed.path, content));
    });
    await Promise.all(reading);
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
