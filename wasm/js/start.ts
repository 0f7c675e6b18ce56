// What the generated code leaves to its host: to connect it with an instance of the module.

import * as crossing from "./crossing.js";
import * as engine from "./engine.js";
import { failure } from "./failure.js";

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

/** What an instance of the module needs. */
export const imports = { "./engine_bg.js": engine, "./crossing.js": crossing } as unknown as WebAssembly.Imports;

/** Starts the engine. */
export function start(instance: WebAssembly.Instance): void {
  const exports = instance.exports as Exports;
  use(exports);
  exports.__wbindgen_start();
}
