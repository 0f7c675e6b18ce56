// A worker thread of Node that hashes files.

import { parentPort, workerData } from "worker_threads";

import { hash, type Batch } from "./hash-batch.js";
import { imports, start } from "./start.js";

start(new WebAssembly.Instance(workerData as WebAssembly.Module, imports));
parentPort?.on("message", (batch: Batch) => void hash(batch, (message) => parentPort?.postMessage(message)));
