// A zip file as a listing. Only the directory of the archive and one entry at a time are in memory.

import { Hasher, Version, DevicePath, type Entry } from "airwaybill";
import { Inflate } from "fflate";

import { SourceError } from "./failure.js";

export const LIMITS = {
  entries: 200_000,
  directoryBytes: 64 * 1024 * 1024,
  entryBytes: 512 * 1024 * 1024,
  totalBytes: 2 * 1024 * 1024 * 1024,
  /** Of one symbolic link's target, and of all of them. */
  linkBytes: 4096,
  linksBytes: 16 * 1024 * 1024,
  /** How many times its compressed size an archive may be; deflate itself ends at 1,032. */
  ratio: 200,
  /** Up to this size the ratio does not count: a page of blanks is no bomb. */
  ratioFrom: 16 * 1024 * 1024,
};

const END = 0x06054b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const COMMENT_BYTES = 0xffff;
/** Inflated at once at most 1,032 times as much. */
const PIECE_BYTES = 16 * 1024;
/** Read at once: most entries are far smaller, and each reading costs a wait. */
const READ_BYTES = 1024 * 1024;
/** Where a Mac keeps what other systems have no place for, beside what a person packed. */
const MAC_EXTRAS = "__MACOSX/";
const SYMBOLIC_LINK = 0o120000;
const FILE_TYPE = 0o170000;
const MADE_BY_UNIX = 3;
const STORED = 0;
const DEFLATED = 8;

interface Member {
  /** As in the archive, or null when it is not UTF-8. */
  name: string | null;
  shown: string;
  method: number;
  encrypted: boolean;
  link: boolean;
  packed: number;
  size: number;
  crc: number;
  offset: number;
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
    // In the order in which they are read from the file.
    members.sort((left, right) => left.offset - right.offset);
  }

  /** Reads the directory of an archive; `SourceError` says what is wrong with it. */
  static async open(file: Blob): Promise<Zip> {
    const tailStart = Math.max(0, file.size - END_BYTES - COMMENT_BYTES);
    const tail = await view(file, tailStart, file.size);
    let at = tail.byteLength - END_BYTES;
    while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
    if (at < 0) throw new SourceError("zip_invalid", "this is no zip file, or its end is missing; make it again");
    const count = tail.getUint16(at + 10, true);
    const length = tail.getUint32(at + 12, true);
    const start = tail.getUint32(at + 16, true);
    if (count === 0xffff || length === 0xffffffff || start === 0xffffffff) {
      throw new SourceError("zip_too_big", "the archive is in the zip64 form; unpack it and open the folder");
    }
    if (length > LIMITS.directoryBytes || start + length > file.size) throw damaged();
    const members = directory(await view(file, start, start + length), count);
    const sum = (list: Member[], bytes: "size" | "packed") => list.reduce((all, member) => all + member[bytes], 0);
    if (sum(members, "packed") > file.size) {
      throw new SourceError("zip_invalid", "the archive's entries lie over each other; make the archive again");
    }
    const links = sum(members.filter((member) => member.link), "size");
    if (links > LIMITS.linksBytes) throw tooBig(`its links say that they hold ${links.toLocaleString("en")} bytes`);
    const total = sum(members, "size");
    if (total > LIMITS.totalBytes) throw tooBig(`it says that it holds ${total.toLocaleString("en")} bytes`);
    if (total > LIMITS.ratioFrom && total > file.size * LIMITS.ratio) {
      throw tooBig(`its ${file.size.toLocaleString("en")} bytes say that they hold ${total.toLocaleString("en")}`);
    }
    return new Zip(file, members);
  }

  /** Hashes every file. What cannot be read becomes an entry that says so; nothing is left out or renamed. */
  async listing(
    onProgress: (done: number, total: number) => void,
    signal: AbortSignal,
    reads: (path: string) => boolean,
  ): Promise<Entry[]> {
    const entries: Entry[] = [];
    const total = this.#members.reduce((sum, member) => sum + member.packed, 0);
    let done = 0;
    for (const member of this.#members) {
      signal.throwIfAborted();
      done += member.packed;
      const entry = await this.#entry(member, reads);
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

  /** The content of a file of the listing. */
  async content(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const member = this.#byPath.get(path);
    return member === undefined ? null : this.#bytes(member);
  }

  async #entry(member: Member, reads: (path: string) => boolean): Promise<Entry | null> {
    const { name } = member;
    if (name === null) return { path: member.shown, unread: "its name is not valid UTF-8" };
    if (name.endsWith("/")) return null;
    if (!reads(name)) return { path: name, unread: "left out by its name" };
    if (member.encrypted) return { path: name, unread: "it is encrypted" };
    try {
      if (member.link) return { path: name, link: await this.#target(member, name) };
      const sha1 = await this.#sha1(member);
      this.#byPath.set(name, member);
      return { path: name, size: member.size, sha1 };
    } catch (error) {
      if (error instanceof SourceError) throw error;
      return { path: name, unread: error instanceof Error ? error.message : String(error) };
    }
  }

  async #sha1(member: Member): Promise<string> {
    const hasher = new Hasher();
    try {
      await this.#inflate(member, (piece) => hasher.update(piece));
      return hasher.finish();
    } finally {
      hasher.free();
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

  /** Archives keep a symbolic link as a file whose content is the target; null for one that leads out. */
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
    if (local.byteLength < 30 || local.getUint32(0, true) !== LOCAL) throw new Error("its place in the archive is damaged");
    const start = member.offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
    const end = start + member.packed;
    let size = 0;
    let crc = -1;
    const count = (piece: Uint8Array) => {
      size += piece.length;
      crc = crc32(crc, piece);
      if (size > member.size) throw tooBig(`${member.shown} holds more than it says`);
      take(piece);
    };
    const inflate = member.method === DEFLATED ? new Inflate(count) : null;
    if (inflate === null && member.method !== STORED) throw new Error(`its compression ${member.method} is not known here`);
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

/** Links with their final target, as a walk through a directory finds it; each link is followed once. */
function resolved(entries: Entry[]): Entry[] {
  const next = new Map<string, string | null>();
  for (const entry of entries) if ("link" in entry) next.set(entry.path, entry.link);
  const last = new Map<string, string | null>();
  for (const start of next.keys()) {
    const way = new Set<string>();
    let at: string | null = start;
    while (at !== null && next.has(at) && !last.has(at)) {
      // A ring leads nowhere.
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
    `the archive was not unpacked: ${why}. If that is meant, unpack it and open the folder instead`,
  );
}

function damaged(): SourceError {
  return new SourceError("zip_invalid", "the archive's directory is damaged; make the archive again");
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
    };
    if (member.size > LIMITS.entryBytes) throw tooBig(`${shown} says that it holds ${member.size} bytes`);
    members.push(member);
    at = next;
  }
  // The count has two bytes; some programs write more entries all the same.
  if ((members.length & 0xffff) !== count) throw damaged();
  return members;
}

/** The one directory that all is in, with its `/`, unless the engine takes it for a release or refuses its name. */
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
