import type { Spawn } from "./hash-files.js";

/** Starts the worker beside this file and gives it the compiled module, so that it fetches nothing. */
export const webWorker =
  (module: WebAssembly.Module): Spawn =>
  (listen, fail) => {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.onmessage = (event) => listen(event.data);
    worker.onerror = (event) => fail(new Error(event.message || "a worker did not start"));
    worker.postMessage(module);
    return { post: (message) => worker.postMessage(message), end: () => worker.terminate() };
  };
