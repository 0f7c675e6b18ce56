import { hash } from "./hash-batch.js";
import type { Spawn } from "./hash-files.js";

/** Hashes on the calling thread. */
export const hashInPlace: Spawn = (listen) => {
  let ended = false;
  return {
    post: (batch) => void hash(batch, (answer) => ended || listen(answer), () => ended),
    end: () => void (ended = true),
  };
};
