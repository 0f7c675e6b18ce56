/// <reference lib="esnext.disposable" preserve="true" />

// The entry for Node, Deno and Bun: the module is read from beside this file, at once.

import { Blob } from "node:buffer";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
// From "node:worker_threads" webpack would not notice that it has to build the worker.
import { Worker } from "worker_threads";

import { failure, reason } from "./failure.js";
import { type HashFiles, type Spawn, hashFilesWith } from "./hash-files.js";
import { hashInPlace } from "./hash-in-place.js";
import { imports, start } from "./start.js";

export * from "./api.js";

const module = loaded();
start(new WebAssembly.Instance(module, imports));

function loaded(): WebAssembly.Module {
  try {
    return new WebAssembly.Module(readFileSync(new URL("./engine_bg.wasm", import.meta.url)));
  } catch (error) {
    const advice = "where a bundler does not copy it, leave airwaybill out of the bundle, or use airwaybill/manual";
    throw failure("module_unavailable", `the engine's module could not be loaded: ${reason(error)}; ${advice}`, error);
  }
}

const thread: Spawn = (listen, fail) => {
  const worker = new Worker(new URL("./worker-node.js", import.meta.url), { workerData: module });
  worker.on("message", listen);
  worker.on("error", (error) => {
    const advice = "leave airwaybill out of the bundle, or hash without workers: { concurrency: 0 }";
    fail(failure("worker_unavailable", `the worker that hashes files failed: ${reason(error)}; ${advice}`, error));
  });
  const here = hashInPlace(listen, fail);
  return {
    post(batch) {
      try {
        worker.postMessage(batch);
      } catch {
        here.post(batch); // Node cannot pass a Blob of `openAsBlob` to another thread.
      }
    },
    end() {
      here.end();
      void worker.terminate();
    },
  };
};

/** Hashes files in worker threads, streaming, and returns the listing for `Catalog.fromListing`. */
export const hashFiles: HashFiles = hashFilesWith({
  spawn: () => thread,
  crosses: (file) => file instanceof Blob,
  processors: availableParallelism,
});
