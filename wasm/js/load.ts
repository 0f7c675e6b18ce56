import { failure, reason } from "./failure.js";
import type { ModuleSource, ResponseLike } from "./module-source.js";
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

async function compiled(source: ModuleSource): Promise<WebAssembly.Module> {
  if (Object.prototype.toString.call(source) === "[object WebAssembly.Module]") return source as WebAssembly.Module;
  const content = typeof source === "string" || source instanceof URL ? await fetch(source) : source;
  if (!("arrayBuffer" in content)) return WebAssembly.compile(content as BufferSource);
  const response = content as ResponseLike;
  if (!response.ok) throw new Error(`${response.url} responded with ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}
