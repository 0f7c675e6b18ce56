// The directory of a zip: what is in it, where, and how large it claims to be.

import { zip as texts } from "../texts/errors.js";
import { SourceError } from "./failure.js";
import { nameOf, type Name } from "./zip-names.js";

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
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const DIRECTORY = 0x02014b50;
const END_BYTES = 22;
const END_64_BYTES = 56;
const LOCATOR_64_BYTES = 20;
const COMMENT_BYTES = 0xffff;
const SYMBOLIC_LINK = 0o120000;
const FILE_TYPE = 0o170000;
const MADE_BY_UNIX = 3;
const ENCRYPTED = 1;
const UTF8 = 1 << 11;
/** What a number of two or four bytes is if zip64 has it elsewhere. */
const ELSEWHERE_2 = 0xffff;
const ELSEWHERE_4 = 0xffffffff;
/** Extra fields: numbers of eight bytes, a time in UTC, which its first flag says is there, and a name in UTF-8. */
const ZIP64 = 0x0001;
const UNIX_TIME = 0x5455;
const UNICODE_NAME = 0x7075;

export interface Member extends Name {
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

/** The members of an archive, within the limits; `SourceError` says what is wrong with it. */
export async function membersOf(file: Blob): Promise<Member[]> {
  const { start, length, count } = await placeOf(file);
  if (length > LIMITS.directoryBytes || start + length > file.size) throw damaged();
  const members = listed(await view(file, start, start + length), count);
  const sum = (list: Member[], bytes: "size" | "packed") => list.reduce((all, member) => all + member[bytes], 0);
  if (sum(members, "packed") > file.size) {
    throw new SourceError("zip_invalid", texts.overlap);
  }
  const links = sum(members.filter((member) => member.link), "size");
  if (links > LIMITS.linksBytes) throw tooBig(texts.links(links));
  const total = sum(members, "size");
  if (total > LIMITS.totalBytes) throw tooBig(texts.content(total));
  if (total > LIMITS.ratioFrom && total > file.size * LIMITS.ratio) {
    throw tooBig(texts.ratio(file.size, total));
  }
  return members;
}

export function tooBig(why: string): SourceError {
  return new SourceError("zip_too_big", texts.tooBig(why));
}

function damaged(): SourceError {
  return new SourceError("zip_invalid", texts.damaged);
}

async function view(file: Blob, start: number, end: number): Promise<DataView> {
  return new DataView(await file.slice(start, end).arrayBuffer());
}

interface Place {
  start: number;
  length: number;
  /** How many members the archive says it has, modulo `countBelow`. */
  count: { value: number; below: number };
}

/** Where the directory of an archive is. */
async function placeOf(file: Blob): Promise<Place> {
  const tailStart = Math.max(0, file.size - END_BYTES - COMMENT_BYTES - LOCATOR_64_BYTES);
  const tail = await view(file, tailStart, file.size);
  let at = tail.byteLength - END_BYTES;
  while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
  if (at < 0) throw new SourceError("zip_invalid", texts.none);
  const count = tail.getUint16(at + 10, true);
  const [length, start] = [tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)];
  const locator = at - LOCATOR_64_BYTES;
  const isElsewhere = count === ELSEWHERE_2 || length === ELSEWHERE_4 || start === ELSEWHERE_4;
  // Old programs write more entries than the count can say, and no zip64.
  if (!isElsewhere || locator < 0 || tail.getUint32(locator, true) !== LOCATOR_64) return { start, length, count: { value: count, below: 0x10000 } };
  const end = whole(tail, locator + 8);
  const record = await view(file, end, end + END_64_BYTES);
  if (record.byteLength < END_64_BYTES || record.getUint32(0, true) !== END_64) throw damaged();
  return { start: whole(record, 48), length: whole(record, 40), count: { value: whole(record, 32), below: Infinity } };
}

/** A number of eight bytes. */
function whole(view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) throw damaged();
  return value;
}

function listed(view: DataView, count: Place["count"]): Member[] {
  const members: Member[] = [];
  for (let at = 0; at < view.byteLength; ) {
    if (members.length >= LIMITS.entries) throw tooBig(texts.entries(LIMITS.entries));
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== DIRECTORY) throw damaged();
    const [nameLength, extraLength] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true)];
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > view.byteLength) throw damaged();
    const extra = extraFields(view, at + 46 + nameLength, extraLength);
    const flags = view.getUint16(at + 8, true);
    const system = view.getUint8(at + 5);
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at + 46, nameLength);
    const member: Member = {
      ...nameOf(bytes, (flags & UTF8) !== 0, extra.get(UNICODE_NAME) ?? null, system),
      method: view.getUint16(at + 10, true),
      encrypted: (flags & ENCRYPTED) !== 0,
      link: system === MADE_BY_UNIX && (view.getUint16(at + 40, true) & FILE_TYPE) === SYMBOLIC_LINK,
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      crc: view.getUint32(at + 16, true),
      offset: view.getUint32(at + 42, true),
      mtime: unixTime(extra.get(UNIX_TIME)) ?? dosTime(view.getUint32(at + 12, true)),
    };
    widen(member, extra.get(ZIP64));
    if (member.size > LIMITS.entryBytes) throw tooBig(texts.entry(member.shown, member.size));
    members.push(member);
    at = next;
  }
  if (members.length % count.below !== count.value) throw damaged();
  return members;
}

/** The extra fields of a member, by their numbers. */
function extraFields(view: DataView, start: number, length: number): Map<number, DataView> {
  const fields = new Map<number, DataView>();
  for (let at = start; at + 4 <= start + length; ) {
    const size = view.getUint16(at + 2, true);
    if (at + 4 + size > start + length) break;
    fields.set(view.getUint16(at, true), new DataView(view.buffer, view.byteOffset + at + 4, size));
    at += 4 + size;
  }
  return fields;
}

/** Zip64: the field has, in this order, those of the numbers that four bytes are too few for. */
function widen(member: Member, field: DataView | undefined): void {
  let at = 0;
  for (const number of ["size", "packed", "offset"] as const) {
    if (member[number] !== ELSEWHERE_4 || field === undefined) continue;
    if (at + 8 > field.byteLength) throw damaged();
    member[number] = whole(field, at);
    at += 8;
  }
}

function unixTime(field: DataView | undefined): number | null {
  return field !== undefined && field.byteLength >= 5 && (field.getUint8(0) & 1) !== 0 ? field.getInt32(1, true) : null;
}

/** What every member has: a local time, in steps of two seconds. */
function dosTime(bits: number): number {
  const part = (from: number, count: number) => (bits >>> from) & ((1 << count) - 1);
  const date = new Date(1980 + part(25, 7), part(21, 4) - 1, part(16, 5), part(11, 5), part(5, 6), part(0, 5) * 2);
  return Math.floor(date.getTime() / 1000);
}
