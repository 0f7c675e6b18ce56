// A folder or a zip that a person gave.

import { Filter, sha1, type CatalogOptions, type Entry } from "airwaybill";

import { FolderContents, ZipContents, type Contents } from "./contents.js";
import { hashed, type Hashing } from "./folder.js";
import type { Part, Source } from "./protocol.js";
import { documentsOf, hasKeys, type Documents } from "./signed.js";
import { Zip } from "./zip.js";

/** Where macOS adds metadata that other systems cannot store. */
const MAC_EXTRAS = "__MACOSX/";
const DIGEST_DIGITS = 12;

/** A part of it. */
export interface Read {
  part: Part;
  entries: Entry[];
  contents: Contents;
  /** Null if there are none. */
  documents: Documents | null;
  digest: string;
}

/** What to leave out, and whether somebody may have signed it. */
export interface Reading extends Pick<Hashing, "sha256" | "signal" | "onProgress"> {
  rules: Rules;
}

export type Rules = Pick<CatalogOptions, "ignore" | "include">;

type Place = (path: string) => string | null;

export abstract class Given {
  #last: { wanted: string; read: Read } | null = null;

  protected constructor(
    readonly kind: "folder" | "zip",
    readonly name: string,
  ) {}

  /** Of all that is in it, directories with a `/` at their end. */
  abstract get paths(): readonly string[];

  /** What to open of it if nobody says so. */
  abstract usual(filter: Filter): Part;

  protected abstract list(place: Place, hashing: Required<Hashing>): Promise<{ entries: Entry[]; contents: Contents }>;

  /** Hashes a part of it. Again, that is what was found before. */
  async read(part: Part, { rules, ...reading }: Reading): Promise<Read> {
    const place = placed(part);
    const sha256 = reading.sha256 || hasKeys(this.paths.flatMap((path) => place(path) ?? []));
    const wanted = JSON.stringify([part, sha256, rules]);
    if (this.#last?.wanted === wanted) return this.#last.read;
    const filter = filterOf(rules);
    try {
      const { entries, contents } = await this.list(place, { ...reading, sha256, filter });
      const documents = await documentsOf(entries.map(({ path }) => path), contents);
      reading.signal.throwIfAborted();
      const read = { part, entries, contents, documents, digest: digestOf(entries) };
      this.#last = { wanted, read };
      return read;
    } finally {
      filter.free();
    }
  }
}

/** Reads what may be a release in any version order, so that a change of order needs no second reading. */
export function filterOf({ ignore, include }: Rules): Filter {
  return new Filter({ scheme: "loose", ignore, include });
}

export class GivenFolder extends Given {
  constructor(
    name: string,
    private sources: readonly Source[],
  ) {
    super("folder", name);
  }

  get paths(): string[] {
    return this.sources.map(({ path }) => path);
  }

  usual(): Part {
    return { inside: "", as: null };
  }

  protected async list(place: Place, hashing: Required<Hashing>) {
    const sources = this.sources.flatMap(({ path, file }) => {
      const found = place(path);
      return found === null ? [] : [{ path: found, file }];
    });
    return { entries: await hashed(sources, hashing), contents: new FolderContents(sources) };
  }
}

export class GivenZip extends Given {
  constructor(
    name: string,
    private zip: Zip,
  ) {
    super("zip", name);
  }

  get paths(): readonly string[] {
    return this.zip.paths;
  }

  /** What is in the directory that was packed, if that is the only one at the top. */
  usual(filter: Filter): Part {
    const paths = this.paths.filter((path) => !path.startsWith(MAC_EXTRAS));
    const inside = `${paths[0]?.split("/", 1)[0]}/`;
    const place = placed({ inside, as: null });
    const hasReleases = () => paths.some((path) => filter.reads(place(path) ?? ""));
    const isWrapped = paths.every((path) => path.startsWith(inside)) && !paths.some((path) => filter.reads(path)) && hasReleases();
    return { inside: isWrapped ? inside : "", as: null };
  }

  protected async list(place: Place, hashing: Required<Hashing>) {
    // Beside releases they are named as ignored.
    const isBeside = (path: string) => path.startsWith(MAC_EXTRAS);
    const { entries, members } = await this.zip.listing({ ...hashing, place: (path) => (isBeside(path) ? path : place(path)) });
    return { entries, contents: new ZipContents(this.zip, members) };
  }
}

/** Where what belongs to a part is in its listing. */
export function placed({ inside, as }: Part): Place {
  const start = as === null ? "" : `${as}/`;
  return (path) => (path.startsWith(inside) && path !== inside ? start + path.slice(inside.length) : null);
}

/** Tells apart what has the same name. */
function digestOf(entries: readonly Entry[]): string {
  const lines = entries.flatMap((entry) => ("sha1" in entry ? `${entry.path}\n${entry.size} ${entry.sha1}\n` : []));
  return sha1(new TextEncoder().encode(lines.sort().join(""))).slice(0, DIGEST_DIGITS);
}
