/// <reference lib="esnext.disposable" preserve="true" />

// The entry without top-level await: nothing works before `init`.

import { failure } from "./failure.js";
import { type HashFiles, hashFilesWith } from "./hash-files.js";
import { load } from "./load.js";
import type { ModuleSource } from "./module-source.js";
import { type EngineModule, webHost } from "./web-host.js";

export * from "./api.js";
export type { ModuleSource } from "./module-source.js";

/** Options of `init`. */
export interface InitOptions {
  /** URL of the built `airwaybill/worker` for `hashFiles`; by default beside this file, where most bundlers put it. */
  worker?: string | { readonly href: string } | undefined;
}

let starting: Promise<void> | undefined;
let started: EngineModule | undefined;

/**
 * Starts the engine from its module, `airwaybill/engine.wasm`. Once it has started, further calls do nothing.
 *
 * @throws `module_unavailable`
 */
export function init(source: ModuleSource | PromiseLike<ModuleSource>, options: InitOptions = {}): Promise<void> {
  starting ??= load(() => source, "init takes its URL, the response or the bytes of airwaybill/engine.wasm, or a WebAssembly.Module")
    .then((module) => void (started = { module, worker: options.worker }))
    .catch((error) => {
      starting = undefined;
      throw error;
    });
  return starting;
}

/** Hashes files in Web Workers, streaming, and returns the listing for `Catalog.fromListing`. */
export const hashFiles: HashFiles = hashFilesWith(
  webHost(() => {
    if (started === undefined) throw failure("init_missing", "the engine has not started: await init(…) first");
    return started;
  }),
);
