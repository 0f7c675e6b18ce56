// The releases of a server, as its listing describes them.

import { sha1, type CatalogOptions, type Entry, type FileRecord, type Notice } from "airwaybill";

import { ServerContents } from "./contents.js";
import type { CheckSettings, DstPaths, FoundFinding, ServerSigned, Settling, VersionScheme } from "./protocol.js";
import { request } from "./request.js";

/** Those of its catalog; a newer server may have more, for its engine. */
export interface ServerOptions extends CatalogOptions {
  scheme: VersionScheme;
  ignore: readonly string[];
  protect: readonly string[];
  include: readonly string[];
  keep: readonly string[];
  unsettled: readonly string[];
  failed: readonly string[];
  unsigned: readonly Notice[];
}

interface ListingDocument {
  base_url: string;
  dst_paths: DstPaths;
  options: ServerOptions;
  check: CheckSettings;
  /** What the check of its highest release found. */
  findings: FoundFinding[];
  /** Files of releases that are held back now, as they were when the server offered them last (rule C9). */
  remembered: FileRecord[];
  /** Null where it has no keys. */
  signed: ServerSigned | null;
  /** The names of its waybills, keys and signatures. */
  documents: string[];
  /** Which state of its releases it is, a number that rises. */
  generation: number;
  entries: Entry[];
}

export class ServerReleases {
  readonly contents: ServerContents;
  readonly host: string;
  #offered: string | null = null;

  private constructor(
    root: URL,
    readonly document: ListingDocument,
    readonly etag: string,
  ) {
    this.contents = new ServerContents(root.href);
    this.host = root.host;
  }

  /** Null if its listing still has this ETag. */
  static async read(listing: string, init: RequestInit & { etag: string }): Promise<ServerReleases | null>;
  static async read(listing: string, init: RequestInit): Promise<ServerReleases>;
  static async read(listing: string, { etag, ...init }: RequestInit & { etag?: string }): Promise<ServerReleases | null> {
    const response = await request(listing, etag === undefined ? init : { ...init, headers: { "If-None-Match": etag } });
    if (response.status === 304) return null;
    const document = (await response.json()) as ListingDocument;
    return new ServerReleases(new URL("../", listing), document, response.headers.get("etag") ?? "");
  }

  /** What is still being copied. */
  get settling(): Settling[] {
    const { entries, options } = this.document;
    return options.unsettled.map((name) => {
      const files = entries.filter(({ path }) => path === name || (isIn(name, path) && !path.endsWith("/")));
      return { name, files: files.length, bytes: sizeOf(files) };
    });
  }

  /** Whether it offers something else than another listing says, or says something else of that. */
  differs(other: ServerReleases): boolean {
    return this.#digest() !== other.#digest();
  }

  #digest(): string {
    if (this.#offered !== null) return this.#offered;
    const { entries, options, generation: _, ...rest } = this.document;
    const { unsettled, now: __, ...settings } = options;
    const changing = new Set(unsettled);
    const settled = entries.filter(({ path }) => !changing.has(path.split("/", 1)[0]!));
    this.#offered = sha1(new TextEncoder().encode(JSON.stringify([rest, settings, settled])));
    return this.#offered;
  }
}

export const isIn = (directory: string, path: string) => path.startsWith(`${directory}/`);

export function sizeOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + ("size" in entry ? entry.size : 0), 0);
}
