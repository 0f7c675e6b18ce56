import { failure, reason } from "./failure.js";
import type { Host, Spawn } from "./hash-files.js";

/** The started engine's module, for workers. */
export interface EngineModule {
  module: WebAssembly.Module;
  worker?: string | { readonly href: string } | undefined;
}

/** Hashes in Web Workers, if there are any. */
export const webHost = (started: () => EngineModule): Host => ({
  spawn() {
    const { module, worker } = started();
    return typeof Worker === "function" ? webWorker(module, worker) : undefined;
  },
  crosses: (file) => file instanceof Blob,
  processors: () => globalThis.navigator?.hardwareConcurrency ?? 1,
});

/** Starts a worker and passes it the compiled module, so that it downloads nothing. */
const webWorker =
  (module: WebAssembly.Module, url: EngineModule["worker"]): Spawn =>
  (listen, fail) => {
    const worker = running(url);
    worker.onmessage = (event) => listen(event.data);
    worker.onerror = (event) => fail(unavailable(event.message || "it did not start"));
    worker.postMessage(module);
    return { post: (message) => worker.postMessage(message), end: () => worker.terminate() };
  };

function running(url: EngineModule["worker"]): Worker {
  try {
    if (url !== undefined) return new Worker(String(url), { type: "module" });
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  } catch (error) {
    throw unavailable(reason(error), error);
  }
}

const unavailable = (why: string, cause?: unknown) =>
  failure(
    "worker_unavailable",
    `the worker that hashes files failed: ${why}; build airwaybill/worker, serve it from the page's own origin and pass its URL to ` +
      "init(…, { worker }) of airwaybill/manual, or hash without workers: { concurrency: 0 }",
    cause,
  );
