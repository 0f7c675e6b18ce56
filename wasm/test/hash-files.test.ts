import { createHash, randomBytes } from "node:crypto";

import { describe, expect, test } from "vitest";

import { Catalog, Filter, hashFiles } from "./airwaybill.js";

const source = (path: string, content: Uint8Array) => ({ path, file: new Blob([content as Uint8Array<ArrayBuffer>]) });
const record = (path: string, content: Uint8Array) => ({
  path,
  size: content.length,
  sha1: createHash("sha1").update(content).digest("hex"),
});

const contents = [0, 1, 1000, 256 * 1024, 256 * 1024 + 1, 6_000_000].map((length) => randomBytes(length));
const paths = contents.map((_, index) => `1.0.0/flash/${index}`);
const sources = contents.map((content, index) => source(paths[index]!, content));
const records = contents.map((content, index) => record(paths[index]!, content));

describe("hashFiles", () => {
  test.each([0, 1, 2, 5])("gives the listing with %i workers", async (concurrency) => {
    const listing = await hashFiles(sources, { concurrency });
    expect(listing).toEqual(records);
    expect(Catalog.fromListing(listing).releases).toMatchObject([{ version: "1.0.0", fileCount: contents.length }]);
  });

  test.each([0, 2])("gives the SHA-256 too, with %i workers", async (concurrency) => {
    const digests = contents.map((content) => createHash("sha256").update(content).digest("hex"));
    const listing = await hashFiles(sources, { concurrency, sha256: true });
    expect(listing).toEqual(records.map((each, index) => ({ ...each, sha256: digests[index] })));
  });

  test("takes many small files in their order", async () => {
    const small = Array.from({ length: 1000 }, (_, index) => Buffer.from(`content ${index}`));
    const listing = await hashFiles(small.map((content, index) => source(`1.0.0/${index}`, content)), { concurrency: 2 });
    expect(listing).toEqual(small.map((content, index) => record(`1.0.0/${index}`, content)));
  });

  test("says how far it is", async () => {
    const seen: { done: number; total: number }[] = [];
    await hashFiles(sources, { concurrency: 2, onProgress: (progress) => seen.push(progress) });
    const total = contents.reduce((sum, content) => sum + content.length, 0);
    expect(seen.every((progress) => progress.total === total)).toBe(true);
    expect(seen.map(({ done }) => done)).toEqual(seen.map(({ done }) => done).sort((a, b) => a - b));
    expect(seen.at(-1)).toEqual({ done: total, total });
    expect(seen.length).toBeGreaterThan(2);
  });

  test("does not read what a filter leaves out", async () => {
    const filter = new Filter();
    const listing = await hashFiles([source("notes.txt", Buffer.from("x")), sources[1]!], { filter });
    expect(listing).toEqual([{ path: "notes.txt", unread: "ignored by its name" }, records[1]]);
  });

  test.each([
    ["1.0.0/main.py", 1_700_000_000_000, {}],
    ["1.0.0/main.py", 999, { mtime: 0 }],
    ["1.0.0/.main.py.Xa81Qz", 1_700_000_000_999, { mtime: 1_700_000_000 }],
    ["1.0.0/main.py", undefined, {}],
  ])("lists the time of %s that changed at %s as the engine asks for it", async (path, lastModified, mtime) => {
    const content = Buffer.from("x");
    const file = lastModified === undefined ? new Blob([content]) : new File([content], "x", { lastModified });
    expect(await hashFiles([{ path, file }], { filter: new Filter() })).toEqual([{ ...record(path, content), ...mtime }]);
    expect(await hashFiles([{ path, file }])).toEqual([record(path, content)]);
  });

  test("takes a File by its path below the directory that was picked", async () => {
    const plain = new File(["image"], "firmware_1.0.0.bin");
    const picked = Object.assign(new File(["main"], "main.py"), { webkitRelativePath: "releases/1.0.0/flash/main.py" });
    const listing = await hashFiles([plain, picked]);
    expect(listing.map(({ path }) => path)).toEqual(["firmware_1.0.0.bin", "1.0.0/flash/main.py"]);
  });

  test("makes a file that cannot be read an entry that says so", async () => {
    const broken = { path: "1.0.0/broken", file: new Blob(["x"]) };
    const { openAsBlob } = await import("node:fs");
    const { mkdtemp, rm, writeFile } = await import("node:fs/promises");
    const folder = await mkdtemp("/tmp/airwaybill-");
    try {
      await writeFile(`${folder}/gone`, "content");
      broken.file = await openAsBlob(`${folder}/gone`);
      await writeFile(`${folder}/gone`, "other content");
      expect(await hashFiles([broken, sources[1]!])).toEqual([
        { path: "1.0.0/broken", unread: expect.any(String) },
        records[1],
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("can be cancelled", async () => {
    const early = AbortSignal.abort();
    await expect(hashFiles(sources, { signal: early })).rejects.toMatchObject({ name: "AbortError" });
    const later = new AbortController();
    const hashing = hashFiles(sources, { signal: later.signal, concurrency: 1, onProgress: () => later.abort() });
    await expect(hashing).rejects.toMatchObject({ name: "AbortError" });
  });

  test("ends on the calling thread too, and reads no more", async () => {
    const stop = new AbortController();
    let cancel: () => void;
    const cancelled = new Promise<void>((resolve) => (cancel = resolve));
    let pieces = 0;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      pieces += 1;
      if (pieces === 3) stop.abort();
      controller.enqueue(new Uint8Array(65_536));
    };
    const stream = () => new ReadableStream({ pull, cancel: () => cancel() });
    const endless = Object.defineProperty(Object.assign(new Blob(), { stream }), "size", { value: 1e9 });
    const hashing = hashFiles([{ path: "1.0.0/endless", file: endless }], { signal: stop.signal, concurrency: 0 });
    await expect(hashing).rejects.toMatchObject({ name: "AbortError" });
    await cancelled;
    expect(pieces).toBeLessThan(10);
  });

  test("hashes on the calling thread what a worker would not get", async () => {
    const foreign = (content: Uint8Array) => {
      const blob = new Blob([content as Uint8Array<ArrayBuffer>]);
      return { size: blob.size, slice: () => blob, arrayBuffer: () => blob.arrayBuffer(), stream: () => blob.stream() };
    };
    const mixed = contents.map((content, index) => ({ path: paths[index]!, file: index % 2 ? foreign(content) : new Blob([content]) }));
    expect(await hashFiles(mixed, { concurrency: 2 })).toEqual(records);
  });

  test("hands on what onProgress throws", async () => {
    const onProgress = () => {
      throw new RangeError("enough");
    };
    await expect(hashFiles(sources, { onProgress })).rejects.toThrow("enough");
  });

  test("takes nothing to do", async () => {
    expect(await hashFiles([])).toEqual([]);
    await expect(hashFiles([{} as never])).rejects.toMatchObject({ code: "field_type" });
    await expect(hashFiles(7 as never)).rejects.toMatchObject({ code: "field_type" });
    await expect(hashFiles([new Blob() as never])).rejects.toMatchObject({ code: "field_type" });
    await expect(hashFiles(sources, { concurrency: -1 })).rejects.toMatchObject({ code: "field_type" });
    await expect(hashFiles(sources, { concurrency: Number.NaN })).rejects.toMatchObject({ code: "field_type" });
  });
});
