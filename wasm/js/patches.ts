// Patches between two files, by a module of their own, which only those who want them load.

import { compiled } from "./compiled.js";
import { view } from "./crossing.js";
import * as delta from "./delta.js";
import { type Code, failure, reason } from "./failure.js";
import type { ModuleSource } from "./module-source.js";

export type { Code } from "./failure.js";
export type { ModuleSource } from "./module-source.js";

const { __wbg_set_wasm: use } = delta as unknown as { __wbg_set_wasm(exports: WebAssembly.Exports): void };

let starting: Promise<void> | undefined;
let isStarted = false;

/**
 * Starts the module `airwaybill/patches.wasm`, by default from beside this file; Node, which fetches no files, passes its bytes. Once it
 * has started, further calls do nothing.
 *
 * @throws `module_unavailable`
 */
export function init(source: ModuleSource | PromiseLike<ModuleSource> = new URL("./delta_bg.wasm", import.meta.url)): Promise<void> {
  starting ??= start(source).catch((error) => {
    starting = undefined;
    const advice = "init takes its URL, the response or the bytes of airwaybill/patches.wasm, or a WebAssembly.Module";
    throw failure("module_unavailable", `the module of patches could not be loaded: ${reason(error)}; ${advice}`, error);
  });
  return starting;
}

async function start(source: ModuleSource | PromiseLike<ModuleSource>): Promise<void> {
  const module = await compiled(await source);
  const { exports } = await WebAssembly.instantiate(module, { "./delta_bg.js": delta as unknown as WebAssembly.ModuleImports });
  use(exports);
  (exports as { __wbindgen_start(): void } & WebAssembly.Exports).__wbindgen_start();
  isStarted = true;
}

/**
 * The patch that makes `content` of `old`; with an empty `old` it is the compressed file. The format is that of detools, `sequential`
 * without compression, in a zlib stream with a window of 1 KB.
 *
 * @throws `size_too_big` for a file of more than 16 MiB, `field_type`, `init_missing`
 */
export function makePatch(old: Uint8Array, content: Uint8Array): Uint8Array {
  return call(delta.makePatch, bytes(old, "old"), bytes(content, "content"));
}

/**
 * What a patch makes of `old`. The patch of another file may not be noticed: compare the result's hash.
 *
 * @throws `patch_…`, `size_too_big`, `field_type`, `init_missing`
 */
export function applyPatch(old: Uint8Array, patch: Uint8Array): Uint8Array {
  return call(delta.applyPatch, bytes(old, "old"), bytes(patch, "patch"));
}

function bytes(value: unknown, place: string): Uint8Array {
  try {
    return view(value);
  } catch {
    throw failure("field_type", `${place}: expected a Uint8Array`);
  }
}

function call(run: typeof delta.makePatch, old: Uint8Array, other: Uint8Array): Uint8Array {
  if (!isStarted) throw failure("init_missing", "the module of patches has not started: await init(…) of airwaybill/patches first");
  try {
    return run(old, other);
  } catch (error) {
    if (typeof error !== "string") throw error;
    const end = error.indexOf(": ");
    throw failure(error.slice(0, end) as Code, error.slice(end + 2));
  }
}
