// Connects the generated code with an instance of the module.

import * as crossing from "./crossing.js";
import * as engine from "./engine.js";
import { failure, reason } from "./failure.js";

interface Exports extends WebAssembly.Exports {
  __wbindgen_start(): void;
}

const { __wbg_set_wasm: use } = engine as unknown as { __wbg_set_wasm(exports: Exports): void };

use(
  new Proxy({} as Exports, {
    get() {
      throw failure("init_missing", "the engine has not started: await init(…) of airwaybill/manual first");
    },
  }),
);

type Import = (...values: unknown[]) => unknown;

/** Adds a code to errors of the generated code itself: an object was freed, or is in use by another call. */
const coded =
  (call: Import): Import =>
  (...values) => {
    try {
      return call(...values);
    } catch (error) {
      throw failure("object_unusable", `the object was freed, or is in use by another call: ${reason(error)}`, error);
    }
  };

const generated = Object.entries(engine as unknown as Record<string, Import>).map(([name, call]) => [
  name,
  name.startsWith("__wbg___wbindgen_throw") ? coded(call) : call,
]);

/** The imports of the module. */
export const imports = { "./engine_bg.js": Object.fromEntries(generated), "./crossing.js": crossing } as unknown as WebAssembly.Imports;

/** Starts the engine. */
export function start(instance: WebAssembly.Instance): void {
  const exports = instance.exports as Exports;
  use(exports);
  exports.__wbindgen_start();
}
