// SHA-1 in Node: this package against hash-wasm, in MB/s. And two workers against one.

import { randomBytes } from "node:crypto";

import { createSHA1 } from "hash-wasm";

import { Hasher, hashFiles, sha1 } from "../../../wasm/dist/node.js";
import { inTurn, write } from "./measure.mjs";

const MIB = 1024 * 1024;

/** MB/s of each contestant, a figure a round. */
async function rates(bytes, contestants) {
  const timed = (work) => async () => {
    const start = performance.now();
    await work();
    return bytes / 1e3 / (performance.now() - start);
  };
  const [ours, peer] = await inTurn(Object.fromEntries(Object.entries(contestants).map(([name, work]) => [name, timed(work)])));
  return { ours, peer };
}

const theirs = await createSHA1();
const piece = randomBytes(MIB);
const files = Array.from({ length: 20_000 }, () => randomBytes(8 * 1024));

const stream = await rates(256 * MIB, {
  airwaybill: () => {
    const hasher = new Hasher();
    for (let index = 0; index < 256; index += 1) hasher.update(piece);
    hasher.finish();
    hasher.free();
  },
  "hash-wasm": () => {
    theirs.init();
    for (let index = 0; index < 256; index += 1) theirs.update(piece);
    theirs.digest("hex");
  },
});
const small = await rates(files.length * 8 * 1024, {
  airwaybill: () => {
    for (const file of files) sha1(file);
  },
  "hash-wasm": () => {
    for (const file of files) {
      theirs.init();
      theirs.update(file);
      theirs.digest("hex");
    }
  },
});
const sources = Array.from({ length: 64 }, (_, index) => ({ path: `1.0.0/${index}`, file: new Blob([randomBytes(8 * MIB)]) }));
const workers = await rates(64 * 8 * MIB, {
  "two workers": () => hashFiles(sources, { concurrency: 2 }),
  one: () => hashFiles(sources, { concurrency: 1 }),
});

write("npm-sha1", { stream, files: small, workers });
