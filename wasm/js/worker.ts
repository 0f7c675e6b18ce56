// A Web Worker that hashes files. Its first message is the compiled module.

import { initSync } from "./engine.js";
import { hash, type Batch } from "./hash-batch.js";

onmessage = ({ data: module }: MessageEvent<WebAssembly.Module>) => {
  initSync({ module });
  onmessage = ({ data: batch }: MessageEvent<Batch>) => void hash(batch, (message) => postMessage(message));
};
