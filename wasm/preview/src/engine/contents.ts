// Reads the content of listed files.

import { Hasher, sha1, type Content } from "airwaybill";

import * as errors from "../texts/errors.js";
import { SourceError } from "./failure.js";
import type { Source } from "./protocol.js";
import { request } from "./request.js";
import type { Zip } from "./zip.js";
import type { Member } from "./zip-directory.js";

/** Reads a file by its path from the top directory. */
export interface Contents {
  /** How many files to read at the same time. */
  readonly together: number;
  /** How much to read unless somebody asks for it. */
  readonly most: { readonly files: number; readonly bytes: number };
  /** The first bytes of a file, or all of it. */
  read(path: string, bytes?: number): Promise<Uint8Array>;
}

const ANY = { files: Infinity, bytes: Infinity };

/** The content of a file; an error if it changed since it was listed. */
export async function contentOf(contents: Contents, path: string, listed: Content): Promise<Uint8Array> {
  const bytes = await contents.read(path);
  if (sha1(bytes) !== listed.sha1) throw new SourceError("content_changed", errors.changed(path));
  return bytes;
}

/** SHA-256 of a file of which the listing has the SHA-1 alone. */
export async function sha256Of(contents: Contents, path: string, listed: Content): Promise<string> {
  const content = await contentOf(contents, path, listed);
  const hasher = new Hasher("sha256");
  hasher.update(content);
  const digest = hasher.finish();
  hasher.free();
  return digest;
}

export class FolderContents implements Contents {
  readonly together = 16;
  readonly most = ANY;
  #files: Map<string, Blob | null>;

  constructor(sources: readonly Source[]) {
    this.#files = new Map(sources.map(({ path, file }) => [path, file]));
  }

  async read(path: string, bytes = Infinity): Promise<Uint8Array> {
    const file = this.#files.get(path) ?? null;
    if (file === null) throw gone(path);
    const start = bytes < file.size ? file.slice(0, bytes) : file;
    return bytesOf(start, path);
  }
}

export class ZipContents implements Contents {
  /** In their order: it reads ahead. */
  readonly together = 1;
  readonly most = ANY;

  constructor(
    private zip: Zip,
    private members: ReadonlyMap<string, Member>,
  ) {}

  async read(path: string, bytes = Infinity): Promise<Uint8Array> {
    const member = this.members.get(path);
    if (member === undefined) throw gone(path);
    return (await this.zip.content(member)).subarray(0, bytes);
  }
}

/** Of releases of which nothing but a listing is here. */
export class NoContents implements Contents {
  readonly together = 1;
  readonly most = { files: 0, bytes: 0 };

  async read(path: string): Promise<Uint8Array> {
    throw new SourceError("content_gone", errors.nowhere(path));
  }
}

export class ServerContents implements Contents {
  readonly together = 4;
  readonly most = { files: 200, bytes: 8 * 1024 * 1024 };

  /** `root` is the server's address with a `/` at its end. */
  constructor(private root: string) {}

  async read(path: string, bytes = Infinity): Promise<Uint8Array> {
    const url = this.root + path.split("/").map(encodeURIComponent).join("/");
    return (await bytesOf(await request(url), path)).subarray(0, bytes);
  }
}

async function bytesOf(body: Blob | Response, path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await body.arrayBuffer());
  } catch {
    throw gone(path);
  }
}

function gone(path: string): SourceError {
  return new SourceError("content_gone", errors.gone(path));
}
