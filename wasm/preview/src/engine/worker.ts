// The worker that runs the engine. Its first message says where its modules are; questions that arrive while these are loading wait for them.

import { failure } from "./failure.js";
import { foresee, generation, methods, start, started } from "./methods.js";
import type { Answer } from "./protocol.js";
import type { Modules } from "./start.js";

interface Question {
  id: number;
  method: string;
  args: unknown[];
}

const QUIET_MS = 100;
const page = self as unknown as { postMessage(answer: Answer): void };
let modules: Modules;
let open = 0;
let quiet: ReturnType<typeof setTimeout> | undefined;
let foreseen = false;

async function answer({ id, method, args }: Question): Promise<void> {
  clearTimeout(quiet);
  open += 1;
  try {
    if (method !== "openServer") await started; // which waits by itself
    const asked = generation();
    const value = await (methods as Record<string, (...args: unknown[]) => unknown>)[method]!(...args);
    page.postMessage({ id, value, generation: asked });
  } catch (error) {
    page.postMessage({ id, error: failure(error) });
  }
  open -= 1;
  rest();
}

/** What may be needed later is loaded once nothing is waited for any more. */
function rest(): void {
  if (open > 0 || foreseen) return;
  quiet = setTimeout(() => {
    foreseen = true;
    void started.then(() => foresee(modules), () => undefined); // who asks is told why it did not start
  }, QUIET_MS);
}

addEventListener("message", ({ data }: MessageEvent<Modules | Question>) => {
  if ("id" in data) return void answer(data);
  modules = data;
  start(data);
  rest();
});
