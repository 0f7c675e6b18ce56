// Rules Y1 and Y2; unlike the engine's report, the answer also lists the files that are right.

import { Manifest, verifyContent, verifyDevice, type Catalog, type Entry, type Report } from "airwaybill";

import { listing as texts } from "../texts/errors.js";
import { SourceError } from "./failure.js";
import { manifestBytes } from "./file.js";
import type { VerifyAnswer, VerifyRow } from "./protocol.js";
import { sumsOf, type Sum, type Summed } from "./sums.js";

const LISTING_BYTES = 256 * 1024 * 1024;

export async function contentAnswer(document: Blob, found: Entry[]): Promise<VerifyAnswer> {
  const manifest = Manifest.parse(await manifestBytes(document));
  try {
    return answer(verifyContent(manifest, []), verifyContent(manifest, found));
  } finally {
    manifest.free();
  }
}

export function deviceAnswer(catalog: Catalog, version: string, found: Entry[]): VerifyAnswer {
  return answer(verifyDevice(catalog, version, []), verifyDevice(catalog, version, found));
}

/** The same, with what is known of the files that differ. */
export function summedAnswer(catalog: Catalog, version: string, { entries, shown }: Summed): VerifyAnswer {
  const { rows, ...answer } = deviceAnswer(catalog, version, entries);
  const isFound = ({ kind }: VerifyRow) => kind === "different" || kind === "unexpected";
  return { ...answer, rows: rows.map((row) => (isFound(row) ? { ...row, ...shown.get(row.path) } : row)) };
}

/** A device's listing: what `sha1sum` or `sha256sum` prints, or a JSON array of files with `path`, `size` and `sha1`. */
export async function deviceListing(document: Blob): Promise<{ sums: Sum[] } | { entries: Entry[] }> {
  if (document.size > LISTING_BYTES) throw new SourceError("json_invalid", texts.tooLarge);
  const text = decoded(new Uint8Array(await document.arrayBuffer()));
  const sums = sumsOf(text);
  if (sums !== null) return { sums };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new SourceError("json_invalid", texts.noJson((error as Error).message));
  }
  if (!Array.isArray(parsed)) throw new SourceError("field_type", texts.noArray);
  return { entries: parsed as Entry[] };
}

/** PowerShell writes what a command prints as UTF-16. */
function decoded(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? "utf-16le" : "utf-8").decode(bytes);
}

/** Checked against an empty listing, every file is missing: that is how the engine names all of them. */
function answer(all: Report, report: Report): VerifyAnswer {
  const wrong = new Set(report.problems.map((problem) => `${problem.kind === "url" ? "u" : "f"}${problem.path}`));
  const rows: VerifyRow[] = [...report.problems];
  for (const { path, kind, expected } of all.problems) {
    if (kind === "missing" && !wrong.has(`f${path}`)) rows.push({ kind: "right", path, expected, found: expected });
  }
  rows.sort((left, right) => (left.path < right.path ? -1 : left.path > right.path ? 1 : 0));
  return { checked: report.checked, problems: report.problems.length, rows };
}
