// The releases of a server, as its listing describes them.

import { sha1, type CatalogOptions, type Entry, type FileRecord, type Notice } from "airwaybill";

import { listingInvalid } from "../texts/errors.js";
import { NoContents, ServerContents, type Contents } from "./contents.js";
import { SourceError } from "./failure.js";
import type { CheckSettings, DstPaths, FoundFinding, Published, ServerSigned, Settling, VersionScheme } from "./protocol.js";
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
  /** Null where a page that has a listing itself does not say it. */
  base_url: string | null;
  dst_paths: DstPaths;
  options: ServerOptions;
  check: CheckSettings;
  /** What the check of its highest release found; null if nobody checked it. */
  findings: FoundFinding[] | null;
  /** Files of releases that are held back now, as they were when the server offered them last (rule C9). */
  remembered: FileRecord[];
  /** Null where it has no keys. */
  signed: ServerSigned | null;
  /** The names of its waybills, keys and signatures. */
  documents: string[];
  /** Which state of a server's releases it is, a number that rises. */
  generation: number | null;
  entries: Entry[];
}

/** What holds releases of a server back holds no others back. */
export const ALL_OFFERED = { unsettled: [], failed: [], unsigned: [] };
export const NO_OPTIONS: ServerOptions = { scheme: "loose", ignore: [], protect: [], include: [], keep: [], ...ALL_OFFERED };
const NO_LISTING: Omit<ListingDocument, "entries"> = {
  ...{ base_url: null, dst_paths: "relative", options: NO_OPTIONS, check: {}, findings: null },
  ...{ remembered: [], signed: null, documents: [], generation: null },
};

export class ServerReleases {
  readonly contents: Contents;
  readonly host: string;
  #offered: string | null = null;

  private constructor(
    root: string | null,
    readonly document: ListingDocument,
    readonly etag: string,
  ) {
    this.contents = root === null ? new NoContents() : new ServerContents(root);
    this.host = root === null ? "" : new URL(root).host;
  }

  /** Null if its listing still has this ETag. */
  static async read(listing: string, init: RequestInit & { etag: string }): Promise<ServerReleases | null>;
  static async read(listing: Published, init: RequestInit): Promise<ServerReleases>;
  static async read(listing: Published, { etag, ...init }: RequestInit & { etag?: string }): Promise<ServerReleases | null> {
    if (typeof listing !== "string") return new ServerReleases(listing.root, documentOf(listing.listing), "");
    const response = await request(listing, etag === undefined ? init : { ...init, headers: { "If-None-Match": etag } });
    if (response.status === 304) return null;
    const document = (await response.json()) as ListingDocument;
    return new ServerReleases(new URL("../", listing).href, document, response.headers.get("etag") ?? "");
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

/** A listing that a page has itself, with what it leaves out. */
function documentOf(listing: object): ListingDocument {
  const document = { ...NO_LISTING, ...(listing as Pick<ListingDocument, "entries">) };
  if (!Array.isArray(document.entries)) throw new SourceError("listing_invalid", listingInvalid);
  return { ...document, options: { ...NO_OPTIONS, ...document.options } };
}

export const isIn = (directory: string, path: string) => path.startsWith(`${directory}/`);

export function sizeOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + ("size" in entry ? entry.size : 0), 0);
}
