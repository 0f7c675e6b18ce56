/// <reference lib="esnext.disposable" preserve="true" />

// The entry for Node: the module is read from beside this file, at once.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

import { initSync } from "./engine.js";
import { type Batch, hash } from "./hash-batch.js";
import { type HashFiles, hashFilesWith } from "./hash-files.js";

export * from "./api.js";

const module = new WebAssembly.Module(readFileSync(new URL("./engine_bg.wasm", import.meta.url)));
initSync({ module });

/** Hashes files in worker threads, streaming, and gives the listing that `Catalog.fromListing` takes. */
export const hashFiles: HashFiles = hashFilesWith((listen, fail) => {
  const worker = new Worker(new URL("./worker-node.js", import.meta.url), { workerData: module });
  worker.on("message", listen);
  worker.on("error", fail);
  const post = (batch: Batch) => {
    try {
      worker.postMessage(batch);
    } catch {
      void hash(batch, listen); // Node keeps a Blob of `openAsBlob` in its thread.
    }
  };
  return { post, end: () => void worker.terminate() };
}, availableParallelism);
