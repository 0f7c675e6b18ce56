// Lists a zip file. Only the archive's directory and one entry at a time are in memory.

import { Hasher, Version, DevicePath, type Entry, type Filter } from "airwaybill";
import { Inflate } from "fflate";

import { SourceError } from "./failure.js";
import { hasKeys } from "./signed.js";

export const LIMITS = {
  entries: 200_000,
  directoryBytes: 64 * 1024 * 1024,
  entryBytes: 512 * 1024 * 1024,
  totalBytes: 2 * 1024 * 1024 * 1024,
  /** Bytes of one symbolic link's target, and of all of them. */
  linkBytes: 4096,
  linksBytes: 16 * 1024 * 1024,
  /** Largest ratio of content to archive; deflate itself reaches 1,032. */
  ratio: 200,
  /** The ratio is not checked up to this size: a file of blanks is harmless. */
  ratioFrom: 16 * 1024 * 1024,
};

const END = 0x06054b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const COMMENT_BYTES = 0xffff;
/** One piece inflates to at most 1,032 times its size. */
const PIECE_BYTES = 16 * 1024;
/** How much is read at once: most entries are far smaller, and each read costs a wait. */
const READ_BYTES = 1024 * 1024;
/** Where macOS adds metadata that other systems cannot store. */
const MAC_EXTRAS = "__MACOSX/";
const SYMBOLIC_LINK = 0o120000;
const FILE_TYPE = 0o170000;
const MADE_BY_UNIX = 3;
/** The extra field with a time in UTC, which its first flag says is there. */
const UNIX_TIME = 0x5455;
const STORED = 0;
const DEFLATED = 8;

interface Member {
  /** As in the archive, or null if it is not UTF-8. */
  name: string | null;
  shown: string;
  method: number;
  encrypted: boolean;
  link: boolean;
  packed: number;
  size: number;
  crc: number;
  offset: number;
  /** Seconds since 1970. */
  mtime: number;
}

export class Zip {
  readonly #file: Blob;
  readonly #members: Member[];
  #byPath = new Map<string, Member>();
  #window = { start: 0, bytes: new Uint8Array() };

  private constructor(file: Blob, members: Member[]) {
    this.#file = file;
    this.#members = members;
    const root = commonDirectory(members.map((member) => member.shown).filter((name) => !name.startsWith(MAC_EXTRAS)));
    for (const member of members) {
      if (!member.shown.startsWith(root)) continue;
      if (member.name !== null) member.name = member.name.slice(root.length);
      member.shown = member.shown.slice(root.length);
    }
    // In the order in which they are read.
    members.sort((left, right) => left.offset - right.offset);
  }

  /** Reads the directory of an archive; `SourceError` says what is wrong with it. */
  static async open(file: Blob): Promise<Zip> {
    const tailStart = Math.max(0, file.size - END_BYTES - COMMENT_BYTES);
    const tail = await view(file, tailStart, file.size);
    let at = tail.byteLength - END_BYTES;
    while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
    if (at < 0) throw new SourceError("zip_invalid", "this is not a zip file, or its end is missing; create it again");
    const count = tail.getUint16(at + 10, true);
    const length = tail.getUint32(at + 12, true);
    const start = tail.getUint32(at + 16, true);
    if (count === 0xffff || length === 0xffffffff || start === 0xffffffff) {
      throw new SourceError("zip_too_big", "the archive uses zip64, which is not supported; unpack it and open the folder");
    }
    if (length > LIMITS.directoryBytes || start + length > file.size) throw damaged();
    const members = directory(await view(file, start, start + length), count);
    const sum = (list: Member[], bytes: "size" | "packed") => list.reduce((all, member) => all + member[bytes], 0);
    if (sum(members, "packed") > file.size) {
      throw new SourceError("zip_invalid", "the archive's entries overlap; create the archive again");
    }
    const links = sum(members.filter((member) => member.link), "size");
    if (links > LIMITS.linksBytes) throw tooBig(`its links claim ${links.toLocaleString("en")} bytes`);
    const total = sum(members, "size");
    if (total > LIMITS.totalBytes) throw tooBig(`it claims ${total.toLocaleString("en")} bytes of content`);
    if (total > LIMITS.ratioFrom && total > file.size * LIMITS.ratio) {
      throw tooBig(`its ${file.size.toLocaleString("en")} bytes claim ${total.toLocaleString("en")} bytes of content`);
    }
    return new Zip(file, members);
  }

  /**
   * Hashes every file, and names empty directories. A file that cannot be read becomes an `unread` entry; nothing is dropped or
   * renamed.
   */
  async listing(onProgress: (done: number, total: number) => void, signal: AbortSignal, filter: Filter): Promise<Entry[]> {
    const entries: Entry[] = [];
    const parents = new Set(this.#members.flatMap(({ shown }) => above(shown)));
    const total = this.#members.reduce((sum, member) => sum + member.packed, 0);
    const sha256 = hasKeys(this.#members.map(({ shown }) => shown));
    let done = 0;
    for (const member of this.#members) {
      signal.throwIfAborted();
      done += member.packed;
      const entry = await this.#entry(member, filter, parents, sha256);
      if (entry !== null) entries.push(entry);
      onProgress(done, total);
    }
    const all = resolved(entries);
    for (const entry of all) {
      const target = "link" in entry ? this.#byPath.get(entry.link ?? "") : undefined;
      if (target !== undefined) this.#byPath.set(entry.path, target);
    }
    return all;
  }

  /** The content of a file of the archive. */
  async content(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const member = this.#byPath.get(path);
    return member === undefined ? null : this.#bytes(member);
  }

  async #entry(member: Member, filter: Filter, parents: ReadonlySet<string>, sha256: boolean): Promise<Entry | null> {
    const { name, mtime } = member;
    if (name === null) return { path: member.shown, unread: "its name is not valid UTF-8" };
    if (isDirectory(name)) return parents.has(name) ? null : { path: name };
    if (!member.link && !member.encrypted) this.#byPath.set(name, member);
    if (!filter.reads(name)) return { path: name, unread: "ignored by its name" };
    if (member.encrypted) return { path: name, unread: "it is encrypted" };
    try {
      if (member.link) return { path: name, link: await this.#target(member, name) };
      const file = { path: name, size: member.size, ...(await this.#digests(member, sha256)) };
      return filter.needsMtime(name, mtime) ? { ...file, mtime } : file;
    } catch (error) {
      if (error instanceof SourceError) throw error;
      return { path: name, unread: error instanceof Error ? error.message : String(error) };
    }
  }

  async #digests(member: Member, wantsSha256: boolean): Promise<{ sha1: string; sha256?: string }> {
    const [sha1, sha256] = [new Hasher(), wantsSha256 ? new Hasher("sha256") : null];
    try {
      await this.#inflate(member, (piece) => {
        sha1.update(piece);
        sha256?.update(piece);
      });
      return { sha1: sha1.finish(), ...(sha256 && { sha256: sha256.finish() }) };
    } finally {
      sha1.free();
      sha256?.free();
    }
  }

  async #bytes(member: Member): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(member.size);
    let at = 0;
    await this.#inflate(member, (piece) => {
      bytes.set(piece, at);
      at += piece.length;
    });
    return bytes;
  }

  /** The target of a symbolic link, which archives store as its content; null if it leads out of the archive. */
  async #target(member: Member, name: string): Promise<string | null> {
    if (member.size > LIMITS.linkBytes) throw new Error("it is a link whose target is too long");
    const target = new TextDecoder().decode(await this.#bytes(member));
    if (target.startsWith("/")) return null;
    const segments = name.split("/").slice(0, -1);
    for (const segment of target.split("/")) {
      if (segment === "..") {
        if (segments.pop() === undefined) return null;
      } else if (segment !== "." && segment !== "") segments.push(segment);
    }
    return segments.join("/");
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

  async #inflate(member: Member, take: (piece: Uint8Array) => void): Promise<void> {
    const head = await this.#read(member.offset, member.offset + 30);
    const local = new DataView(head.buffer, head.byteOffset, head.byteLength);
    if (local.byteLength < 30 || local.getUint32(0, true) !== LOCAL) throw new Error("its header in the archive is damaged");
    const start = member.offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
    const end = start + member.packed;
    let size = 0;
    let crc = -1;
    const count = (piece: Uint8Array) => {
      size += piece.length;
      crc = crc32(crc, piece);
      if (size > member.size) throw tooBig(`${member.shown} is larger than it claims`);
      take(piece);
    };
    const inflate = member.method === DEFLATED ? new Inflate(count) : null;
    if (inflate === null && member.method !== STORED) throw new Error(`compression method ${member.method} is not supported`);
    for (let at = start; at < end; at += READ_BYTES) {
      const block = await this.#read(at, Math.min(end, at + READ_BYTES));
      for (let inner = 0; inner < block.length; inner += PIECE_BYTES) {
        const piece = block.subarray(inner, inner + PIECE_BYTES);
        if (inflate === null) count(piece);
        else inflate.push(piece, at + inner + piece.length >= end);
      }
    }
    if (size !== member.size || ~crc >>> 0 !== member.crc) throw new Error("it is damaged in the archive");
  }
}

const isDirectory = (name: string): name is `${string}/` => name.endsWith("/");

/** The directories that a member is in: `a/` and `a/b/` of `a/b/c`, and of `a/b/c/`; the top is an empty name. */
function above(name: string): string[] {
  const found = [""];
  for (let at = name.indexOf("/"); at >= 0 && at < name.length - 1; at = name.indexOf("/", at + 1)) found.push(name.slice(0, at + 1));
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

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(crc: number, piece: Uint8Array): number {
  for (let index = 0; index < piece.length; index += 1) crc = CRC_TABLE[(crc ^ piece[index]!) & 0xff]! ^ (crc >>> 8);
  return crc;
}

function tooBig(why: string): SourceError {
  return new SourceError(
    "zip_too_big",
    `the archive is too large: ${why}. To open it anyway, unpack it and open the folder`,
  );
}

function damaged(): SourceError {
  return new SourceError("zip_invalid", "the archive's directory is damaged; create the archive again");
}

async function view(file: Blob, start: number, end: number): Promise<DataView> {
  return new DataView(await file.slice(start, end).arrayBuffer());
}

function directory(view: DataView, count: number): Member[] {
  const members: Member[] = [];
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
  for (let at = 0; at < view.byteLength; ) {
    if (members.length >= LIMITS.entries) throw tooBig(`it has more than ${LIMITS.entries.toLocaleString("en")} entries`);
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== DIRECTORY) throw damaged();
    const nameLength = view.getUint16(at + 28, true);
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > view.byteLength) throw damaged();
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at + 46, nameLength);
    const shown = lossy.decode(bytes);
    let name: string | null = null;
    try {
      name = strict.decode(bytes);
    } catch {
      // `name` stays null.
    }
    const mode = view.getUint16(at + 40, true);
    const member: Member = {
      name,
      shown,
      method: view.getUint16(at + 10, true),
      encrypted: (view.getUint16(at + 8, true) & 1) !== 0,
      link: view.getUint8(at + 5) === MADE_BY_UNIX && (mode & FILE_TYPE) === SYMBOLIC_LINK,
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      crc: view.getUint32(at + 16, true),
      offset: view.getUint32(at + 42, true),
      mtime: unixTime(view, at + 46 + nameLength, view.getUint16(at + 30, true)) ?? dosTime(view.getUint32(at + 12, true)),
    };
    if (member.size > LIMITS.entryBytes) throw tooBig(`${shown} claims ${member.size} bytes`);
    members.push(member);
    at = next;
  }
  // The count has only two bytes; archives with more entries exist.
  if ((members.length & 0xffff) !== count) throw damaged();
  return members;
}

/** The time in the extra fields of a member. */
function unixTime(view: DataView, start: number, length: number): number | null {
  for (let at = start; at + 9 <= start + length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) === UNIX_TIME && (view.getUint8(at + 4) & 1) !== 0) return view.getInt32(at + 5, true);
  }
  return null;
}

/** What every member has: a local time, in steps of two seconds. */
function dosTime(bits: number): number {
  const part = (from: number, count: number) => (bits >>> from) & ((1 << count) - 1);
  const date = new Date(1980 + part(25, 7), part(21, 4) - 1, part(16, 5), part(11, 5), part(5, 6), part(0, 5) * 2);
  return Math.floor(date.getTime() / 1000);
}

/** The single top directory with its `/`, unless it is a release itself or an invalid name. */
function commonDirectory(names: string[]): string {
  const first = names[0]?.split("/", 1)[0] ?? "";
  const root = `${first}/`;
  if (!names.every((name) => name.startsWith(root))) return "";
  try {
    new DevicePath(first).free();
  } catch {
    return "";
  }
  try {
    new Version(first).free();
  } catch {
    return root;
  }
  return "";
}
