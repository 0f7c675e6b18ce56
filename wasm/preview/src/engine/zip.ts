// Reads a zip file. Only the archive's directory and one entry at a time are in memory.

import { Hasher, sha1, type Entry, type Filter } from "airwaybill";
import { Inflate, inflateSync } from "fflate";

import { entry as texts, zip } from "../texts/errors.js";
import { crc32 } from "./crc32.js";
import { SourceError } from "./failure.js";
import { LIMITS, membersOf, tooBig, type Member } from "./zip-directory.js";

const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
/** One piece inflates to at most 1,032 times its size. */
const PIECE_BYTES = 16 * 1024;
/** How much is read at once: most entries are far smaller, and each read costs a wait. */
const READ_BYTES = 1024 * 1024;
/** Up to this size a file is inflated at once: in a third of the processor time that it takes piece by piece. */
const WHOLE_BYTES = 4 * 1024 * 1024;
const STORED = 0;
const DEFLATED = 8;

/** What a person wants of an archive. */
export interface Wanted {
  /** The path in the listing of a file in the archive; null if it is not wanted. */
  place(path: string): string | null;
  filter: Filter;
  sha256: boolean;
  signal: AbortSignal;
  onProgress(done: number, total: number): void;
}

/** A listing of an archive, and what of it can be read. */
export interface Listed {
  entries: Entry[];
  members: ReadonlyMap<string, Member>;
}

export class Zip {
  readonly #file: Blob;
  /** In the order in which they are read. */
  readonly #members: readonly Member[];
  #window = { start: 0, bytes: new Uint8Array() };
  #inflated = new Uint8Array();

  private constructor(file: Blob, members: Member[]) {
    this.#file = file;
    this.#members = members.sort((left, right) => left.offset - right.offset);
  }

  /** Reads the directory of an archive; `SourceError` says what is wrong with it. */
  static async open(file: Blob): Promise<Zip> {
    return new Zip(file, await membersOf(file));
  }

  get paths(): string[] {
    return this.#members.map(({ shown }) => shown);
  }

  /**
   * Hashes every file that is wanted, and names empty directories. A file that cannot be read becomes an `unread` entry; nothing is
   * dropped or renamed.
   */
  async listing(wanted: Wanted): Promise<Listed> {
    const { place, signal, onProgress } = wanted;
    const placed = this.#members.flatMap((member) => {
      const path = place(member.shown);
      return path === null ? [] : [{ member, path }];
    });
    const parents = new Set(placed.flatMap(({ path }) => above(path)));
    const total = placed.reduce((sum, { member }) => sum + member.packed, 0);
    const entries: Entry[] = [];
    const members = new Map<string, Member>();
    let done = 0;
    for (const { member, path } of placed) {
      signal.throwIfAborted();
      done += member.packed;
      if (isDirectory(path)) {
        if (!parents.has(path)) entries.push({ path });
        continue;
      }
      if (member.name !== null && !member.link && !member.encrypted) members.set(path, member);
      entries.push(await this.#entry(member, path, wanted));
      onProgress(done, total);
    }
    const all = resolved(entries);
    for (const entry of all) {
      const target = "link" in entry ? members.get(entry.link ?? "") : undefined;
      if (target !== undefined) members.set(entry.path, target);
    }
    return { entries: all, members };
  }

  /** The content of a file of the archive. */
  async content(member: Member): Promise<Uint8Array<ArrayBuffer>> {
    if (isWhole(member)) return this.#whole(member, (bytes) => bytes.slice());
    const bytes = new Uint8Array(member.size);
    let at = 0;
    await this.#pieces(member, (piece) => {
      bytes.set(piece, at);
      at += piece.length;
    });
    return bytes;
  }

  async #entry(member: Member, path: string, { filter, sha256 }: Wanted): Promise<Entry> {
    if (member.name === null) return { path, unread: texts.name };
    if (!filter.reads(path)) return { path, unread: texts.ignored };
    if (member.encrypted) return { path, unread: texts.encrypted };
    try {
      if (member.link) return { path, link: await this.#target(member, path) };
      const file = { path, size: member.size, ...(await this.#digests(member, sha256)) };
      return filter.needsMtime(path, member.mtime) ? { ...file, mtime: member.mtime } : file;
    } catch (error) {
      if (error instanceof SourceError) throw error;
      return { path, unread: error instanceof Error ? error.message : String(error) };
    }
  }

  async #digests(member: Member, wantsSha256: boolean): Promise<{ sha1: string; sha256?: string }> {
    if (isWhole(member) && !wantsSha256) return { sha1: await this.#whole(member, sha1) };
    const hashers = [new Hasher(), ...(wantsSha256 ? [new Hasher("sha256")] : [])];
    try {
      const take = (piece: Uint8Array) => hashers.forEach((hasher) => hasher.update(piece));
      await (isWhole(member) ? this.#whole(member, take) : this.#pieces(member, take));
      const [sha1, sha256] = hashers.map((hasher) => hasher.finish());
      return { sha1: sha1!, ...(sha256 !== undefined && { sha256 }) };
    } finally {
      for (const hasher of hashers) hasher.free();
    }
  }

  /** The target of a symbolic link, which archives store as its content; null if it leads out of the archive. */
  async #target(member: Member, path: string): Promise<string | null> {
    if (member.size > LIMITS.linkBytes) throw new Error(texts.link);
    const target = new TextDecoder().decode(await this.content(member));
    if (target.startsWith("/")) return null;
    const segments = path.split("/").slice(0, -1);
    for (const segment of target.split("/")) {
      if (segment === "..") {
        if (segments.pop() === undefined) return null;
      } else if (segment !== "." && segment !== "") segments.push(segment);
    }
    return segments.join("/");
  }

  /** What `use` makes of all of a small file; the bytes are its own only until it returns. */
  async #whole<Result>(member: Member, use: (bytes: Uint8Array) => Result): Promise<Result> {
    const { start, end } = await this.#packed(member);
    const packed = await this.#read(start, end);
    let bytes = packed;
    if (member.method === DEFLATED && packed.length > 0) {
      // Into a buffer that is too small it inflates without a word: the byte more shows it.
      if (this.#inflated.length <= member.size) this.#inflated = new Uint8Array(Math.max(member.size + 1, READ_BYTES));
      bytes = inflateSync(packed, { out: this.#inflated.subarray(0, member.size + 1) });
    }
    if (bytes.length > member.size) throw larger(member);
    if (bytes.length !== member.size || crc32(bytes) !== member.crc) throw damaged();
    return use(bytes);
  }

  async #pieces(member: Member, take: (piece: Uint8Array) => void): Promise<void> {
    const { start, end } = await this.#packed(member);
    let size = 0;
    let crc = 0;
    const count = (piece: Uint8Array) => {
      size += piece.length;
      crc = crc32(piece, crc);
      if (size > member.size) throw larger(member);
      take(piece);
    };
    const inflate = member.method === DEFLATED ? new Inflate(count) : null;
    for (let at = start; at < end; at += READ_BYTES) {
      const block = await this.#read(at, Math.min(end, at + READ_BYTES));
      for (let inner = 0; inner < block.length; inner += PIECE_BYTES) {
        const piece = block.subarray(inner, inner + PIECE_BYTES);
        if (inflate === null) count(piece);
        else inflate.push(piece, at + inner + piece.length >= end);
      }
    }
    if (size !== member.size || crc !== member.crc) throw damaged();
  }

  /** Where the bytes of a member are in the archive. */
  async #packed(member: Member): Promise<{ start: number; end: number }> {
    const head = await this.#read(member.offset, member.offset + LOCAL_BYTES);
    const local = new DataView(head.buffer, head.byteOffset, head.byteLength);
    if (local.byteLength < LOCAL_BYTES || local.getUint32(0, true) !== LOCAL) throw new Error(texts.header);
    if (member.method !== STORED && member.method !== DEFLATED) throw new Error(texts.method(member.method));
    const start = member.offset + LOCAL_BYTES + local.getUint16(26, true) + local.getUint16(28, true);
    return { start, end: start + member.packed };
  }

  async #read(start: number, end: number): Promise<Uint8Array> {
    const { start: from, bytes } = this.#window;
    if (start < from || end > from + bytes.length) {
      const piece = await this.#file.slice(start, Math.max(end, start + READ_BYTES)).arrayBuffer();
      this.#window = { start, bytes: new Uint8Array(piece) };
      return this.#window.bytes.subarray(0, end - start);
    }
    return bytes.subarray(start - from, end - from);
  }
}

const isDirectory = (path: string): path is `${string}/` => path.endsWith("/");

const isWhole = ({ size, packed }: Member) => size <= WHOLE_BYTES && packed <= WHOLE_BYTES;

const larger = (member: Member) => tooBig(zip.larger(member.shown));

const damaged = () => new Error(texts.damaged);

/** The directories that a member is in: `a/` and `a/b/` of `a/b/c`, and of `a/b/c/`; the top is an empty name. */
function above(path: string): string[] {
  const found = [""];
  for (let at = path.indexOf("/"); at >= 0 && at < path.length - 1; at = path.indexOf("/", at + 1)) found.push(path.slice(0, at + 1));
  return found;
}

/** Replaces each link's target by the final one, as a walk through a directory would find it. */
function resolved(entries: Entry[]): Entry[] {
  const next = new Map<string, string | null>();
  for (const entry of entries) if ("link" in entry) next.set(entry.path, entry.link);
  const last = new Map<string, string | null>();
  for (const start of next.keys()) {
    const way = new Set<string>();
    let at: string | null = start;
    while (at !== null && next.has(at) && !last.has(at)) {
      // A cycle has no target.
      const target: string | null = way.has(at) ? null : next.get(at)!;
      way.add(at);
      at = target;
    }
    const end = at !== null && last.has(at) ? last.get(at)! : at;
    for (const link of way) last.set(link, end);
  }
  return entries.map((entry) => ("link" in entry ? { path: entry.path, link: last.get(entry.path)! } : entry));
}
