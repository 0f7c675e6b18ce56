// What a page writes: the DOM library's own types go in.

import { Catalog, hashFiles, type Code, type Entry, type Plan } from "airwaybill";
import { init } from "airwaybill/manual";

export async function plan(input: HTMLInputElement, signal: AbortSignal, module: WebAssembly.Module): Promise<Plan | null> {
  await init(fetch("engine.wasm"), { worker: new URL("worker.js", location.href) });
  await init(module);
  const code: Code = "module_unavailable";
  const listing: Entry[] = await hashFiles(input.files ?? [], { signal, onProgress: ({ done }) => console.log(done, code) });
  await hashFiles([{ path: "1.0.0/main.py", file: new Blob() }]);
  return Catalog.fromListing(listing).plan({ current: "1.0.0" });
}
