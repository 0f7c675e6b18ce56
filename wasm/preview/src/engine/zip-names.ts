// The names in a zip, as the programs that write zips have them.

import { crc32 } from "./crc32.js";

/** From byte 0x80 on: the characters of code page 437, which is what a name is in without a sign that it is UTF-8. */
const CODE_PAGE_437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";
/** Systems whose paths have backslashes, by their numbers in a zip: FAT, NTFS, VFAT. */
const WITH_BACKSLASHES = [0, 10, 14];

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

export interface Name {
  /** As it would be on disk; null if it claims to be UTF-8 and is not. */
  name: string | null;
  /** The same, or as much of it as can be read. */
  shown: string;
}

/** `unicode` is the content of the extra field 0x7075, `system` the number of the one that the zip was made on. */
export function nameOf(bytes: Uint8Array, isUtf8: boolean, unicode: DataView | null, system: number): Name {
  const name = isUtf8 ? utf8(bytes) : (unicodeOf(unicode, bytes) ?? utf8(bytes) ?? codePage437(bytes));
  if (name === null) return { name, shown: lossy.decode(bytes) };
  // .NET wrote such zips until 4.6.1. Info-ZIP and others unpack them to directories too.
  const isWindows = WITH_BACKSLASHES.includes(system) && !name.includes("/");
  const path = isWindows ? name.replaceAll("\\", "/") : name;
  return { name: path, shown: path };
}

/** The name in UTF-8 that Info-ZIP adds, unless another program has renamed the file since. */
function unicodeOf(field: DataView | null, bytes: Uint8Array): string | null {
  if (field === null || field.byteLength < 5 || field.getUint8(0) !== 1 || field.getUint32(1, true) !== crc32(bytes)) return null;
  return utf8(new Uint8Array(field.buffer, field.byteOffset + 5, field.byteLength - 5));
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

function codePage437(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : CODE_PAGE_437[byte - 0x80]!)).join("");
}
