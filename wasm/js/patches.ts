// Patches between two files, by a module of their own.

import { view } from "./crossing.js";
import * as delta from "./delta.js";
import { failure } from "./failure.js";
import type { ModuleSource } from "./module-source.js";
import { SideModule } from "./side-module.js";

export type { Code } from "./failure.js";
export type { ModuleSource } from "./module-source.js";

const patches = new SideModule(delta, "delta", "airwaybill/patches");

/**
 * Starts the module `airwaybill/patches.wasm`, by default from beside this file; Node, which fetches no files, passes its bytes. Once it
 * has started, further calls do nothing.
 *
 * @throws `module_unavailable`
 */
export function init(source: ModuleSource | PromiseLike<ModuleSource> = new URL("./delta_bg.wasm", import.meta.url)): Promise<void> {
  return patches.init(source);
}

/**
 * The patch that makes `content` of `old`; with an empty `old` it is the compressed file. The format is that of detools, `sequential`
 * without compression, in a zlib stream with a window of 1 KB.
 *
 * @throws `size_too_big` for a file of more than 16 MiB, `field_type`, `init_missing`
 */
export function makePatch(old: Uint8Array, content: Uint8Array): Uint8Array {
  const files = [bytes(old, "old"), bytes(content, "content")] as const;
  return patches.call(() => delta.makePatch(...files));
}

/**
 * What a patch makes of `old`. The patch of another file may not be noticed: compare the result's hash.
 *
 * @throws `patch_…`, `size_too_big`, `field_type`, `init_missing`
 */
export function applyPatch(old: Uint8Array, patch: Uint8Array): Uint8Array {
  const files = [bytes(old, "old"), bytes(patch, "patch")] as const;
  return patches.call(() => delta.applyPatch(...files));
}

function bytes(value: unknown, place: string): Uint8Array {
  try {
    return view(value);
  } catch {
    throw failure("field_type", `${place}: expected a Uint8Array`);
  }
}
