/// <reference lib="esnext.disposable" preserve="true" />

// The entry for browsers and bundlers: the module is loaded from beside this file before anything here can be called.

import start from "./engine.js";
import { type HashFiles, hashFilesWith } from "./hash-files.js";
import { webWorker } from "./web-worker.js";

export * from "./api.js";

const url = new URL("./engine_bg.wasm", import.meta.url);
const response = await fetch(url);
if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
const module = await WebAssembly.compile(await response.arrayBuffer());
await start({ module_or_path: module });

/** Hashes files in Web Workers, streaming, and gives the listing that `Catalog.fromListing` takes. */
export const hashFiles: HashFiles = hashFilesWith(webWorker(module), () => navigator.hardwareConcurrency);
