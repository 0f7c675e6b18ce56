// A module beside the engine's, loaded only by who wants it. Its errors are texts, the code first.

import { compiled } from "./compiled.js";
import { type Code, failure, reason } from "./failure.js";
import type { ModuleSource } from "./module-source.js";

type Source = ModuleSource | PromiseLike<ModuleSource>;

interface Generated {
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

interface Exports extends WebAssembly.Exports {
  __wbindgen_start(): void;
}

export class SideModule {
  #starting: Promise<void> | undefined;
  #isStarted = false;
  #generated: unknown;
  #file: string;
  #entry: string;

  /** The generated code, its name, and the entry of the package that has it, `airwaybill/patches`. */
  constructor(generated: object, file: string, entry: string) {
    this.#generated = generated;
    this.#file = file;
    this.#entry = entry;
  }

  init(source: Source): Promise<void> {
    this.#starting ??= this.#start(source).catch((error) => {
      this.#starting = undefined;
      const advice = `init takes its URL, the response or the bytes of ${this.#entry}.wasm, or a WebAssembly.Module`;
      throw failure("module_unavailable", `the module of ${this.#entry} could not be loaded: ${reason(error)}; ${advice}`, error);
    });
    return this.#starting;
  }

  async #start(source: Source): Promise<void> {
    const module = await compiled(await source);
    const { exports } = await WebAssembly.instantiate(module, { [`./${this.#file}_bg.js`]: this.#generated as WebAssembly.ModuleImports });
    (this.#generated as Generated).__wbg_set_wasm(exports);
    (exports as Exports).__wbindgen_start();
    this.#isStarted = true;
  }

  call<Value>(run: () => Value): Value {
    if (!this.#isStarted) throw failure("init_missing", `the module of ${this.#entry} has not started: await init(…) of it first`);
    try {
      return run();
    } catch (error) {
      if (typeof error !== "string") throw error;
      const end = error.indexOf(": ");
      throw failure(error.slice(0, end) as Code, error.slice(end + 2));
    }
  }
}
