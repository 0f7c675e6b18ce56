// Rules Y1 and Y2; unlike the engine's report, the answer also lists the files that are right.

import { Manifest, verifyContent, verifyDevice, type Catalog, type Entry, type Report } from "airwaybill";

import { SourceError } from "./failure.js";
import { manifestBytes } from "./file.js";
import type { VerifyAnswer, VerifyRow } from "./protocol.js";

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

/** A device's listing: a JSON array of files with `path`, `size` and `sha1`. */
export async function deviceListing(document: Blob): Promise<Entry[]> {
  if (document.size > LISTING_BYTES) throw new SourceError("json_invalid", "the file is too large for a device's listing");
  const wanted = 'a device\'s listing is a JSON array of {"path": "flash/main.py", "size": 12, "sha1": "…"}';
  let parsed: unknown;
  try {
    parsed = JSON.parse(await document.text());
  } catch (error) {
    throw new SourceError("json_invalid", `${wanted}; this is not JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(parsed)) throw new SourceError("field_type", `${wanted}; this is not an array`);
  return parsed as Entry[];
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
