// What a single file is that a person gave: only its content says so.

import { Manifest } from "airwaybill";

import * as errors from "../texts/errors.js";
import { SourceError } from "./failure.js";

const MANIFEST_BYTES = 64 * 1024 * 1024;
const START_BYTES = 512;
/** What other archives begin with, in hex, and where. */
const ARCHIVES: readonly [start: string, at: number][] = [
  ["1f8b", 0], // gzip
  ["fd377a585a", 0], // xz
  ["425a68", 0], // bzip2
  ["28b52ffd", 0], // Zstandard
  ["377abcaf", 0], // 7-Zip
  ["526172211a07", 0], // RAR
  ["7573746172", 257], // tar
];

/** Whether it is a zip, or a manifest; an error says what to do about anything else. */
export async function kindOf(file: File): Promise<"zip" | "manifest"> {
  const start = new Uint8Array(await file.slice(0, START_BYTES).arrayBuffer());
  const hex = Array.from(start, (byte) => byte.toString(16).padStart(2, "0")).join("");
  // Of a broken one it is said what is wrong with it.
  if (/^504b(0304|0506)/.test(hex) || /\.zip$/i.test(file.name)) return "zip";
  if (ARCHIVES.some(([start, at]) => hex.startsWith(start, at * 2))) {
    throw new SourceError("not_releases", errors.otherArchive(file.name));
  }
  try {
    Manifest.parse(await manifestBytes(file)).free();
    return "manifest";
  } catch (error) {
    // Also of one that is in UTF-16, or has a byte order mark.
    const why = /^[\s\0\ufffd]*[[{]/.test(new TextDecoder().decode(start)) ? (error as Error).message : null;
    throw new SourceError("not_releases", errors.neither(file.name, why));
  }
}

export async function manifestBytes(document: Blob): Promise<Uint8Array> {
  if (document.size > MANIFEST_BYTES) throw new SourceError("json_invalid", errors.manifestTooLarge);
  return new Uint8Array(await document.arrayBuffer());
}
