import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Where a hundred thousand files are written in a second or two, if there is room for them. */
const MEMORY = "/dev/shm";
const ROOM_BYTES = 2 ** 30;

function hasRoom(directory: string): boolean {
  if (!existsSync(directory)) return false;
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize >= ROOM_BYTES;
}

/** A directory of its own, gone when the process ends. */
export function scratch(where = hasRoom(MEMORY) ? MEMORY : tmpdir()): string {
  const path = mkdtempSync(join(where, "airwaybill-preview-"));
  process.once("exit", () => rmSync(path, { recursive: true, force: true }));
  return path;
}

export function writeTree(root: string, files: Record<string, string | Uint8Array>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** Numbers from 0 up to 1 that are the same at each run (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function noise(size: number, seed: number): Uint8Array {
  const roll = dice(seed);
  return Uint8Array.from({ length: size }, () => roll() * 256);
}

/** Releases of `count` files of 4 KiB each; a fifth of them differs from one to the next. */
export function manyFiles(root: string, versions: readonly string[], count: number): string {
  versions.forEach((version, age) => {
    const content = new Uint8Array(4096);
    for (let index = 0; index < count; index += 1) {
      if (index % 500 === 0) mkdirSync(join(root, version, `flash/part_${index / 500}`), { recursive: true });
      const since = index % 5 < age ? age : 0;
      content.fill(32 + ((index * 7 + since) % 90));
      new DataView(content.buffer).setUint32(0, index * 16 + since);
      const name = index % 50 === 0 ? `only_in_${age}_${index}.py` : `file_${index}.py`;
      writeFileSync(join(root, version, `flash/part_${Math.floor(index / 500)}/${name}`), content);
    }
  });
  return root;
}

/** The files of a directory by their path in it. */
export function filesBelow(root: string): Record<string, Uint8Array> {
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => statSync(join(root, path)).isFile());
  return Object.fromEntries(paths.sort().map((path) => [path, new Uint8Array(readFileSync(join(root, path)))]));
}

/** Releases of `count` small files; each release has other contents in a third of them. */
export function tinyFiles(root: string, versions: string | readonly string[], count: number): string {
  [versions].flat().forEach((version, age) => {
    for (let index = 0; index < count; index += 1) {
      const directory = join(root, version, `flash/part_${Math.floor(index / 1000)}`);
      if (index % 1000 === 0) mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, `file_${index}.py`), `x = ${index % 3 === 0 ? age : 0} # ${"#".repeat(index % 97)}\n`);
    }
  });
  return root;
}
