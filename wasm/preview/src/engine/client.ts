// The page's side of the worker.

import { engineStopped } from "../texts/errors.js";
import type { Answer, Event, Methods } from "./protocol.js";
import { startWorker } from "./start.js";

/** An error of the engine, a source or the network, with its code. */
export class EngineError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** An answer, and the generation of the source that it was made with. */
export interface Answered<Value> {
  value: Value;
  generation: number;
}

export class Engine {
  #worker = startWorker();
  #waiting = new Map<number, { resolve(answer: Answered<unknown>): void; reject(error: Error): void }>();
  #next = 1;

  constructor(listen: (event: Event) => void) {
    this.#worker.onmessage = ({ data }: MessageEvent<Answer | Event>) => {
      if ("event" in data) return listen(data);
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("error" in data) waiting?.reject(new EngineError(data.error.code, data.error.message));
      else waiting?.resolve(data);
    };
    this.#worker.onerror = (event) => this.#fail(event.message || engineStopped);
  }

  ask<Name extends keyof Methods>(
    method: Name,
    ...args: Parameters<Methods[Name]>
  ): Promise<Answered<ReturnType<Methods[Name]>>> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (answer: Answered<unknown>) => void, reject });
      this.#worker.postMessage({ id, method, args });
    });
  }

  /** Stops the worker; pending questions are never answered. */
  end(): void {
    this.#worker.terminate();
    this.#waiting.clear();
  }

  #fail(message: string): void {
    for (const { reject } of this.#waiting.values()) reject(new EngineError("engine_failed", message));
    this.#waiting.clear();
  }
}
