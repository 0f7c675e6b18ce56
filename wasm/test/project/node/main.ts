// What a program for Node writes, with the types of Node and without the DOM library.

import { openAsBlob } from "node:fs";
import { readFile } from "node:fs/promises";

import { Catalog, hashFiles, type Plan } from "airwaybill";
import { init } from "airwaybill/manual";

export async function plan(path: string): Promise<Plan | null> {
  await init(readFile(path));
  await init(fetch("http://localhost/engine.wasm"));
  const files = [{ path: "1.0.0/main.py", file: await openAsBlob(path) }, new File([], "firmware_1.0.0.bin")];
  return Catalog.fromListing(await hashFiles(files, { signal: AbortSignal.timeout(1000) })).plan();
}
