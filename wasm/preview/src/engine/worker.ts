// The worker that runs the engine. Questions that arrive while the engine is loading wait for it.

import { failure } from "./failure.js";
import type { Answer } from "./protocol.js";

const page = self as unknown as { postMessage(answer: Answer): void };
const loading = import("./methods.js");

addEventListener("message", async ({ data }: MessageEvent<{ id: number; method: string; args: unknown[] }>) => {
  const { id, method, args } = data;
  try {
    const { methods, generation } = await loading;
    const asked = generation();
    const value = await (methods as Record<string, (...args: unknown[]) => unknown>)[method]!(...args);
    page.postMessage({ id, value, generation: asked });
  } catch (error) {
    page.postMessage({ id, error: failure(error) });
  }
});
