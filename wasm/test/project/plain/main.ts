// Without the types of any platform.

import { Catalog, Version, hashFiles, type BlobLike, type Plan } from "airwaybill";
import { init } from "airwaybill/manual";

export async function plan(file: BlobLike, module: Uint8Array): Promise<Plan | null> {
  await init(module);
  await init("engine.wasm", { worker: "worker.js" });
  using version = new Version("1.0.0");
  return Catalog.fromListing(await hashFiles([{ path: `${version}/main.py`, file }])).plan();
}
