// What `sha1sum` and `sha256sum` print of a device's files.

import type { Content, Entry, FileRecord } from "airwaybill";

import { listing as texts } from "../texts/errors.js";
import { sha256Of, type Contents } from "./contents.js";
import { SourceError } from "./failure.js";
import type { DeviceFiles } from "./rows.js";

export interface Sum {
  path: string;
  /** Of a SHA-1 or a SHA-256, in hex. */
  digest: string;
}

/** A listing for the engine, and what is to be shown of its files: there are no sizes, and perhaps other digests. */
export interface Summed {
  entries: Entry[];
  shown: ReadonlyMap<string, { expected: Content | null; found: Content }>;
}

const LINE = /^(?<escaped>\\?)(?<digest>[0-9a-f]{40}|[0-9a-f]{64}) [ *](?<path>.+)$/i;
/** With `--tag`, as BSD's programs do. */
const TAGGED = /^(?<escaped>\\?)SHA(?:1|256) \((?<path>.+)\) = (?<digest>[0-9a-f]{40}|[0-9a-f]{64})$/i;
const SHA1_DIGITS = 40;

/** Null if it does not begin as such a list. */
export function sumsOf(text: string): Sum[] | null {
  const sums: Sum[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === "") continue;
    const { escaped, digest, path } = (LINE.exec(line) ?? TAGGED.exec(line))?.groups ?? {};
    if (digest !== undefined && path !== undefined) {
      const name = escaped === "" ? path : path.replace(/\\([\\nr])/g, (_, sign: string) => ({ n: "\n", r: "\r" })[sign] ?? "\\");
      sums.push({ path: name.replace(/^(\.?\/)+/, ""), digest: digest.toLowerCase() });
    } else if (sums.length === 0) {
      return null;
    } else {
      throw new SourceError("field_type", texts.line(index + 1, line));
    }
  }
  return sums.length === 0 ? null : sums;
}

/** Compares sums with the files of a release, of which a SHA-256 is known only once they are read. */
export async function summed(
  sums: readonly Sum[],
  { files, release }: DeviceFiles,
  contentsOf: (path: string) => Contents,
  { signal, onProgress }: { signal: AbortSignal; onProgress(done: number, total: number): void },
): Promise<Summed> {
  const { together } = contentsOf(`${release}/`);
  const total = sums.reduce((bytes, { path }) => bytes + (files.get(path)?.size ?? 0), 0);
  const entries: Entry[] = [];
  const shown = new Map<string, { expected: Content | null; found: Content }>();
  let done = 0;
  const take = async ({ path, digest }: Sum) => {
    const file = files.get(path);
    const expected = file === undefined ? null : digest.length === SHA1_DIGITS ? file.sha1 : await hashed(file);
    const isSame = file !== undefined && expected === digest;
    entries.push(isSame ? { path, size: file.size, sha1: file.sha1 } : { path, size: file?.size ?? 0, sha1: digest.slice(0, SHA1_DIGITS) });
    shown.set(path, { expected: expected === null ? null : { size: null, sha1: expected }, found: { size: null, sha1: digest } });
    done += file?.size ?? 0;
  };
  const hashed = (file: FileRecord) => {
    const path = `${release}/${file.path}`;
    return sha256Of(contentsOf(path), path, file);
  };
  for (let start = 0; start < sums.length; start += together) {
    signal.throwIfAborted();
    await Promise.all(sums.slice(start, start + together).map(take));
    onProgress(done, total);
  }
  return { entries, shown };
}
