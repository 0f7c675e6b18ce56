/// <reference lib="esnext.disposable" preserve="true" />

// The entry for browsers and bundlers: the module is loaded from beside this file before anything can be called.

import { type HashFiles, hashFilesWith } from "./hash-files.js";
import { load } from "./load.js";
import { webHost } from "./web-host.js";

export * from "./api.js";

const advice = "where a bundler does not copy it, use airwaybill/manual: see 'Bundlers and runtimes' in the README";
const module = await load(() => new URL("./engine_bg.wasm", import.meta.url), advice);

/** Hashes files in Web Workers, streaming, and returns the listing for `Catalog.fromListing`. */
export const hashFiles: HashFiles = hashFilesWith(webHost(() => ({ module })));
