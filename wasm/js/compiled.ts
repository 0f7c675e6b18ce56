import type { ModuleSource, ResponseLike } from "./module-source.js";

export async function compiled(source: ModuleSource): Promise<WebAssembly.Module> {
  if (Object.prototype.toString.call(source) === "[object WebAssembly.Module]") return source as WebAssembly.Module;
  const content = typeof source === "string" || source instanceof URL ? await fetch(source) : source;
  if (!("arrayBuffer" in content)) return WebAssembly.compile(content as BufferSource);
  const response = content as ResponseLike;
  if (!response.ok) throw new Error(`${response.url} responded with ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}
