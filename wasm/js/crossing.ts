// What the engine calls to take values in and to hand them out.

const encoder = new TextEncoder();

export const utf8 = (text: string): Uint8Array => encoder.encode(text);

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

export const ascii = (characters: Uint8Array): string => String.fromCharCode.apply(null, characters as unknown as number[]);

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

export const plan = (
  version: string,
  previous_version: string | undefined,
  full: boolean,
  deleted: string[],
  added: Row[],
  updated: Row[],
  firmware: unknown,
): object => ({
  version,
  previous_version: previous_version ?? null,
  full,
  delete: deleted,
  new: added,
  update: updated,
  firmware,
});
