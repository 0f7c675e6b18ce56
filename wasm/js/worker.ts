// A Web Worker that hashes files. Its first message is the compiled module.

import { hash, type Batch } from "./hash-batch.js";
import { imports, start } from "./start.js";

onmessage = ({ data: module }: MessageEvent<WebAssembly.Module>) => {
  start(new WebAssembly.Instance(module, imports));
  onmessage = ({ data: batch }: MessageEvent<Batch>) => void hash(batch, (message) => postMessage(message));
};
