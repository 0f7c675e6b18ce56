import { compiled } from "./compiled.js";
import { failure, reason } from "./failure.js";
import type { ModuleSource } from "./module-source.js";
import { imports, start } from "./start.js";

/** Starts the engine and returns its module; if that fails, the error ends with `advice`. */
export async function load(source: () => ModuleSource | PromiseLike<ModuleSource>, advice: string): Promise<WebAssembly.Module> {
  try {
    const module = await compiled(await source());
    start(await WebAssembly.instantiate(module, imports));
    return module;
  } catch (error) {
    throw failure("module_unavailable", `the engine's module could not be loaded: ${reason(error)}; ${advice}`, error);
  }
}
