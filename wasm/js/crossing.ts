// What the engine calls to take values in and to hand them out.

const encoder = new TextEncoder();

/** What a typed array is, of this realm or another, whatever its class says of itself. */
function getter(name: string | symbol): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name)!.get!;
}

const [kind, buffer, byteOffset, length] = [Symbol.toStringTag, "buffer", "byteOffset", "length"].map(getter) as [
  (this: unknown) => unknown,
  (this: unknown) => ArrayBufferLike,
  (this: unknown) => number,
  (this: unknown) => number,
];

/** Fills `target` from `start` on, as far as there are bytes; how many it took. Throws when it is no Uint8Array. */
export function copy(source: unknown, start: number, target: Uint8Array): number {
  if (kind.call(source) !== "Uint8Array") throw new TypeError("not a Uint8Array");
  const taken = Math.min(length.call(source) - start, target.length);
  target.set(new Uint8Array(buffer.call(source), byteOffset.call(source) + start, taken));
  return taken;
}

/** What JSON writes of a value, as plain data: no getter and no class of the caller's gets any further. */
function asJson(value: unknown, replace: (value: unknown) => unknown): any {
  const text = JSON.stringify(value, (key: string, value: unknown) => {
    // Half a surrogate pair would be replaced on its way to the engine.
    if (!key.isWellFormed() || (typeof value === "string" && !value.isWellFormed())) throw new TypeError("half a surrogate pair");
    return replace(value);
  });
  return JSON.parse(text);
}

/** Options as plain data; what is null is absent. */
export function plain(options: unknown): object {
  const given = asJson(options ?? {}, (value) => value ?? undefined);
  if (typeof given !== "object" || Array.isArray(given)) throw new TypeError("not an object");
  return given;
}

/** A listing: the files in columns, anything else as plain data. See the figures in `listing.rs`. */
interface Columns {
  /** Path and SHA-1 of each file, one after the other, UTF-8. */
  texts: Uint8Array;
  /** Of each of these the bytes. */
  lengths: Uint32Array;
  /** Of each entry the size; NaN where it is among the others. */
  sizes: Float64Array;
  others: object[];
}

export function columns(listing: unknown): Columns {
  if (!Array.isArray(listing)) throw new TypeError("not a list");
  const texts: string[] = [];
  const sizes = new Float64Array(listing.length).fill(NaN);
  const others: unknown[] = [];
  for (let index = 0; index < sizes.length; index += 1) {
    const entry: unknown = listing[index];
    // Each field is read once: a getter could say something else the next time.
    const { path, size, sha1 } = Object(entry) as Record<string, unknown>;
    const isFile = typeof path === "string" && typeof sha1 === "string" && typeof size === "number" && Number.isInteger(size);
    if (isFile && size >= 0 && hasThreeFields(entry as object)) {
      texts.push(path, sha1);
      sizes[index] = size;
    } else {
      others.push(entry);
    }
  }
  const joined = texts.join("");
  const bytes = encoder.encode(joined);
  const isAscii = bytes.length === joined.length;
  if (!isAscii && !texts.every((text) => text.isWellFormed())) throw new TypeError("half a surrogate pair");
  const lengths = new Uint32Array(texts.length);
  for (let index = 0; index < lengths.length; index += 1) {
    const text = texts[index]!;
    lengths[index] = isAscii ? text.length : encoder.encode(text).length;
  }
  return { texts: bytes, lengths, sizes, others: asJson(others, (value) => value) };
}

function hasThreeFields(entry: object): boolean {
  let fields = 0;
  for (const _ in entry) fields += 1;
  return fields === 3;
}

/** Cuts a text into a list. `lengths` is a view of the engine's memory, good only until it is called again. */
export function texts(joined: string, lengths: Uint32Array): string[] {
  let end = 0;
  return Array.from(lengths, (length) => joined.slice(end, (end += length)));
}

interface Row {
  path: string;
  size: number;
  sha1: string;
}

const DIGITS = 40;

/** The same for files, of which each column comes as one. */
export function files(paths: string, lengths: Uint32Array, sizes: Float64Array, digests: string): Row[] {
  const rows: Row[] = [];
  for (let index = 0, start = 0; index < lengths.length; index += 1) {
    const end = start + lengths[index]!;
    const at = index * DIGITS;
    rows.push({ path: paths.slice(start, end), size: sizes[index]!, sha1: digests.slice(at, at + DIGITS) });
    start = end;
  }
  return rows;
}
