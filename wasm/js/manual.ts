/// <reference lib="esnext.disposable" preserve="true" />

// The entry without top-level await: nothing works before `init`.

import start from "./engine.js";
import { type HashFiles, hashFilesWith } from "./hash-files.js";
import { webWorker } from "./web-worker.js";

export * from "./api.js";

let module: WebAssembly.Module | undefined;

/** Starts the engine from its module, or from the bytes or the response of `airwaybill/engine.wasm`. */
export async function init(
  source: WebAssembly.Module | BufferSource | Response | PromiseLike<WebAssembly.Module | BufferSource | Response>,
): Promise<void> {
  const given = await source;
  if (given instanceof WebAssembly.Module) module = given;
  else module = await WebAssembly.compile(given instanceof Response ? await given.arrayBuffer() : given);
  await start({ module_or_path: module });
}

/** Hashes files in Web Workers, streaming, and gives the listing that `Catalog.fromListing` takes. */
export const hashFiles: HashFiles = hashFilesWith((listen, fail) => {
  if (module === undefined) throw new Error("call init first");
  return webWorker(module)(listen, fail);
}, () => navigator.hardwareConcurrency);
