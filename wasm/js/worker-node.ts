// A worker thread of Node that hashes files.

import { parentPort, workerData } from "node:worker_threads";

import { initSync } from "./engine.js";
import { hash, type Batch } from "./hash-batch.js";

initSync({ module: workerData as WebAssembly.Module });
parentPort?.on("message", (batch: Batch) => void hash(batch, (message) => parentPort?.postMessage(message)));
