// A zip file as a listing. Only the directory of the archive and one entry at a time are in memory.

import { Hasher, Version, DevicePath, type Entry } from "airwaybill";
import { Inflate } from "fflate";

import { SourceError } from "./failure.js";

export const LIMITS = {
  entries: 200_000,
  directoryBytes: 64 * 1024 * 1024,
  entryBytes: 512 * 1024 * 1024,
  totalBytes: 2 * 1024 * 1024 * 1024,
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

  private constructor(file: Blob, members: Member[]) {
    this.#file = file;
    this.#members = members;
    const root = commonDirectory(members.map((member) => member.name ?? member.shown));
    for (const member of members) {
      if (member.name !== null) member.name = member.name.slice(root.length);
      member.shown = member.shown.slice(root.length);
    }
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
    if (length > LIMITS.directoryBytes || start + length > file.size) {
      throw new SourceError("zip_invalid", "the archive's directory is damaged; make the archive again");
    }
    const members = directory(await view(file, start, start + length), count);
    const total = members.reduce((sum, member) => sum + member.size, 0);
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
    let inflated = 0;
    for (const member of this.#members) {
      signal.throwIfAborted();
      const { name } = member;
      done += member.packed;
      if (name === null) {
        entries.push({ path: member.shown, unread: "its name is not valid UTF-8" });
      } else if (name.endsWith("/") || !reads(name)) {
        if (!name.endsWith("/")) entries.push({ path: name, unread: "left out by its name" });
      } else if (member.encrypted) {
        entries.push({ path: name, unread: "it is encrypted" });
      } else {
        const hasher = new Hasher();
        let size = 0;
        try {
          await this.#inflate(member, (piece) => {
            size += piece.length;
            inflated += piece.length;
            if (inflated > LIMITS.totalBytes) throw tooBig("it holds more than it says");
            hasher.update(piece);
          });
          if (member.link) entries.push(await this.#link(member, name));
          else entries.push({ path: name, size, sha1: hasher.finish() });
          this.#byPath.set(name, member);
        } catch (error) {
          if (error instanceof SourceError) throw error;
          entries.push({ path: name, unread: error instanceof Error ? error.message : String(error) });
        } finally {
          hasher.free();
        }
      }
      onProgress(done, total);
    }
    return resolved(entries);
  }

  /** The content of a file of the listing. */
  async content(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const member = this.#byPath.get(path);
    return member === undefined ? null : this.#bytes(member);
  }

  async #bytes(member: Member): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    await this.#inflate(member, (piece) => pieces.push(piece.slice()));
    return new Uint8Array(await new Blob(pieces).arrayBuffer());
  }

  /** Archives keep a symbolic link as a file whose content is the target. */
  async #link(member: Member, name: string): Promise<Entry> {
    const target = new TextDecoder().decode(await this.#bytes(member));
    const segments = name.split("/").slice(0, -1);
    for (const segment of target.split("/")) {
      if (segment === "..") {
        if (segments.pop() === undefined) return { path: name, link: null };
      } else if (segment !== "." && segment !== "") segments.push(segment);
    }
    return { path: name, link: target.startsWith("/") ? null : segments.join("/") };
  }

  async #inflate(member: Member, take: (piece: Uint8Array) => void): Promise<void> {
    const local = await view(this.#file, member.offset, member.offset + 30);
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
    for (let at = start; at < end; at += PIECE_BYTES * 64) {
      const block = new Uint8Array(await this.#file.slice(at, Math.min(end, at + PIECE_BYTES * 64)).arrayBuffer());
      for (let inner = 0; inner < block.length; inner += PIECE_BYTES) {
        const piece = block.subarray(inner, inner + PIECE_BYTES);
        if (inflate === null) count(piece);
        else inflate.push(piece, at + inner + piece.length >= end);
      }
    }
    if (size !== member.size || ~crc >>> 0 !== member.crc) throw new Error("it is damaged in the archive");
  }
}

/** Links with their final target, as a walk through a directory finds it. */
function resolved(entries: Entry[]): Entry[] {
  const links = new Map<string, string | null>();
  for (const entry of entries) if ("link" in entry) links.set(entry.path, entry.link);
  if (links.size === 0) return entries;
  return entries.map((entry) => {
    if (!("link" in entry)) return entry;
    let target = entry.link;
    for (let steps = 0; target !== null && links.has(target); steps += 1) {
      target = steps > links.size ? null : links.get(target)!;
    }
    return { path: entry.path, link: target };
  });
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

async function view(file: Blob, start: number, end: number): Promise<DataView> {
  return new DataView(await file.slice(start, end).arrayBuffer());
}

function directory(view: DataView, count: number): Member[] {
  if (count > LIMITS.entries) throw tooBig(`it has ${count} entries`);
  const members: Member[] = [];
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
  for (let at = 0; members.length < count; ) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== DIRECTORY) {
      throw new SourceError("zip_invalid", "the archive's directory is damaged; make the archive again");
    }
    const nameLength = view.getUint16(at + 28, true);
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > view.byteLength) {
      throw new SourceError("zip_invalid", "the archive's directory is damaged; make the archive again");
    }
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
