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

/** A list that is cut from its columns when it is read. */
type Rows<T> = () => T[];

export const cut = <T>(rows: Rows<T>): T[] => rows();

/** `lengths` is a view of the engine's memory: what is read later is a copy. */
export function texts(joined: string, lengths: Uint32Array): Rows<string> {
  const kept = lengths.slice();
  return () => {
    let end = 0;
    return Array.from(kept, (length) => joined.slice(end, (end += length)));
  };
}

interface Row {
  path: string;
  size: number;
  sha1: string;
}

const DIGITS = 40;

export function files(paths: string, lengths: Uint32Array, sizes: Float64Array, digests: string): Rows<Row> {
  const [keptLengths, keptSizes] = [lengths.slice(), sizes.slice()];
  return () => {
    const rows: Row[] = [];
    for (let index = 0, start = 0; index < keptLengths.length; index += 1) {
      const end = start + keptLengths[index]!;
      const at = index * DIGITS;
      rows.push({ path: paths.slice(start, end), size: keptSizes[index]!, sha1: digests.slice(at, at + DIGITS) });
      start = end;
    }
    return rows;
  };
}

/** A plan as a plain object whose lists become arrays when they are first read. */
export function plan(
  version: string,
  previous_version: string | undefined,
  deleted: Rows<string>,
  added: Rows<Row>,
  updated: Rows<Row>,
  firmware: unknown,
): object {
  const plan = { version, previous_version: previous_version ?? null };
  const later = (name: string, rows: Rows<unknown>) => {
    const settle = (value: unknown) => {
      Object.defineProperty(plan, name, { value, writable: true, enumerable: true, configurable: true });
      return value;
    };
    Object.defineProperty(plan, name, { get: () => settle(rows()), set: settle, enumerable: true, configurable: true });
  };
  later("delete", deleted);
  later("new", added);
  later("update", updated);
  return Object.assign(plan, { firmware });
}
