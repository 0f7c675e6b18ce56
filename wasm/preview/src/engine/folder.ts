// Hashes the files of a folder in the package's workers.

import { hashFiles, type Entry, type Filter } from "airwaybill";

import * as errors from "../texts/errors.js";
import type { Source } from "./protocol.js";

export interface Hashing {
  /** Without one, every file is hashed. */
  filter?: Filter;
  sha256: boolean;
  signal: AbortSignal;
  onProgress(done: number, total: number): void;
}

export async function hashed(sources: readonly Source[], { filter, sha256, signal, onProgress }: Hashing): Promise<Entry[]> {
  const here: { path: string; file: Blob }[] = [];
  const others: Entry[] = [];
  for (const { path, file } of sources) {
    if (file !== null) here.push({ path, file });
    else others.push(path.endsWith("/") ? { path: path as `${string}/` } : { path, unread: errors.vanished });
  }
  const found = await hashFiles(here, { signal, filter, sha256, onProgress: ({ done, total }) => onProgress(done, total) });
  return found.concat(others);
}
