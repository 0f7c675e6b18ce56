// SHA-1 in Node: this package against hash-wasm, in turns; medians of MB/s. And two workers against one.

import { randomBytes } from "node:crypto";

import { createSHA1 } from "hash-wasm";

import { Hasher, hashFiles, sha1 } from "../dist/node.js";

const ROUNDS = Number(process.env.ROUNDS ?? 9);
const MIB = 1024 * 1024;

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const seconds = async (work) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

/** Runs the contestants in turns, so that what else the machine does hits all alike; medians in MB/s. */
async function compare(bytes, contestants) {
  const rates = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = -1; round < ROUNDS; round += 1) {
    const order = Object.entries(contestants);
    for (const [name, work] of round % 2 === 0 ? order : order.reverse()) {
      const rate = bytes / 1e6 / (await seconds(work));
      if (round >= 0) rates[name].push(rate);
    }
  }
  return Object.fromEntries(Object.entries(rates).map(([name, list]) => [name, median(list)]));
}

function show(what, rates, bar) {
  const [[one, first], [other, second]] = Object.entries(rates);
  const ratio = first / second;
  const figures = `${one} ${first.toFixed(0)} MB/s, ${other} ${second.toFixed(0)} MB/s`;
  console.log(`${what}: ${figures}, ratio ${ratio.toFixed(2)} (bar ${bar}) ${ratio >= bar ? "ok" : "BELOW"}`);
  return ratio >= bar;
}

const theirs = await createSHA1();
const piece = randomBytes(MIB);
const files = Array.from({ length: 20_000 }, () => randomBytes(8 * 1024));

const stream = await compare(256 * MIB, {
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
const small = await compare(files.length * 8 * 1024, {
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
const workers = await compare(64 * 8 * MIB, {
  "two workers": () => hashFiles(sources, { concurrency: 2 }),
  one: () => hashFiles(sources, { concurrency: 1 }),
});

const passed = [
  show("SHA-1, one 256 MiB stream", stream, 1.05),
  show("SHA-1, 20,000 files of 8 KiB", small, 1.05),
  show("hashFiles, 64 files of 8 MiB", workers, 1.8),
];
process.exitCode = passed.every(Boolean) ? 0 : 1;
