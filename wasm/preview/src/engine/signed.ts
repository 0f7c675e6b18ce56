// Who signed the releases, by the documents beside them.

import { Hasher, isDocument, newestKeys, parseKeys, type Catalog, type Entry, type SigningStatus } from "airwaybill";

import * as errors from "../texts/errors.js";
import type { Contents } from "./contents.js";
import { failure, SourceError } from "./failure.js";
import type { ServerSigned, SignedAnswer, SignedRelease } from "./protocol.js";

/** Who signed what, as the engine says it. */
export type Signed = Omit<SignedAnswer, "list"> & { list: readonly SigningStatus[] };

/** Waybills, keys and signatures, by name. */
export type Documents = Record<string, string>;

const KEYS = /^keys\/\d+\.waybill$/;
/** The engine refuses longer ones. */
const DOCUMENT_BYTES = 512 * 1024 + 1;
const DOCUMENTS_BYTES = 64 * 1024 * 1024;

/** Whether somebody may sign: then the files' SHA-256 are needed. */
export const hasKeys = (paths: readonly string[]) => paths.some((path) => KEYS.test(path));

/** Of names of documents those of keys, and of these releases and images. */
export function documentsAbout(paths: readonly (string | null)[], names: readonly string[]): string[] {
  return names.filter((name) => name.startsWith("keys/") || paths.some((path) => path !== null && name.startsWith(`${path}.waybill`)));
}

/** Whether it may be a document or a patch, which are at most one directory deep: to ask the engine of every path costs more than its catalog does. */
export const isBeside = (path: string) => path.indexOf("/") === path.lastIndexOf("/");

/** The documents among `paths`; null if there are none. */
export async function documentsOf(paths: readonly string[], contents: Contents): Promise<Documents | null> {
  const names = paths.filter((path) => isBeside(path) && isDocument(path) && !path.endsWith("/"));
  const documents: Documents = {};
  let bytes = 0;
  for (const name of names) {
    // One that cannot be read is as good as missing.
    const content = await contents.read(name, DOCUMENT_BYTES).catch(() => null);
    if (content === null) continue;
    bytes += content.byteLength;
    if (bytes > DOCUMENTS_BYTES) throw new SourceError("documents_too_big", errors.documentsTooBig);
    documents[name] = textOf(content);
  }
  return names.length === 0 ? null : documents;
}

/** What is not UTF-8 becomes a text that is no document. */
function textOf(content: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return `\ufffd${new TextDecoder().decode(content)}`;
  }
}

/** The time, as documents have it. */
export const now = () => new Date().toISOString().replace(/\.\d+/, "");

/** For devices that have the newest of the keys, at this time. */
export function signedBy(catalog: Catalog, entries: readonly Entry[], documents: Documents): Signed {
  try {
    const newest = newestKeys(documents);
    const { number, product } = parseKeys(newest);
    return { keys: { number, product }, onlyValid: false, list: catalog.signed(newest, entries, documents, now()), problem: null };
  } catch (error) {
    return { keys: null, onlyValid: false, list: [], problem: failure(error) };
  }
}

/** What a server found, for devices that have the newest of its keys. */
export function signedByServer({ only, list, problem }: ServerSigned): Signed {
  return { keys: null, onlyValid: only, list, problem };
}

export const answerOf = ({ list, ...about }: Signed): SignedAnswer => ({ ...about, list: list.map(shown) });

const shown = ({ path, sequence, expires, verdict: { reasons, signers, skipped } }: SigningStatus): SignedRelease => ({
  ...{ path, sequence, expires, reasons, skipped },
  by: signers.map(nameOf),
});

/** A key for people: its comment, or else its fingerprint. */
function nameOf(key: string): string {
  const [, bytes = "", ...comment] = key.split(" ");
  if (comment.length > 0) return comment.join(" ");
  const hasher = new Hasher("sha256");
  hasher.update(Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0)));
  const digest = hasher.finish().replace(/../g, (byte) => String.fromCharCode(parseInt(byte, 16)));
  hasher.free();
  return `SHA256:${btoa(digest).replace(/=+$/, "")}`;
}
