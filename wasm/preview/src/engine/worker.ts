// The worker that runs the engine. Its first message says where its modules are; questions that arrive while these are loading wait for them.

import { failure } from "./failure.js";
import { generation, methods, start } from "./methods.js";
import type { Answer } from "./protocol.js";
import type { Modules } from "./start.js";

interface Question {
  id: number;
  method: string;
  args: unknown[];
}

const page = self as unknown as { postMessage(answer: Answer): void };
let starting: Promise<void>;

async function answer({ id, method, args }: Question): Promise<void> {
  try {
    await starting;
    const asked = generation();
    const value = await (methods as Record<string, (...args: unknown[]) => unknown>)[method]!(...args);
    page.postMessage({ id, value, generation: asked });
  } catch (error) {
    page.postMessage({ id, error: failure(error) });
  }
}

addEventListener("message", ({ data }: MessageEvent<Modules | Question>) => {
  if ("id" in data) void answer(data);
  else starting = start(data);
});
