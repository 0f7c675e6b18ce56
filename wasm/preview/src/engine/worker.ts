// The worker that holds the engine. What the page asks while the engine is loading waits for it.

import { failure } from "./failure.js";

const page = self as unknown as { postMessage(message: unknown): void };
const loading = import("./methods.js");

addEventListener("message", ({ data }: MessageEvent<{ id: number; method: string; args: unknown[] }>) => {
  const { id, method, args } = data;
  loading
    .then(({ methods }) => (methods as Record<string, (...args: unknown[]) => unknown>)[method]!(...args))
    .then(
      (value) => page.postMessage({ id, value }),
      (error: unknown) => page.postMessage({ id, error: failure(error) }),
    );
});
