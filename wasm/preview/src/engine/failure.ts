import type { Failure } from "./protocol.js";

/** An error outside the engine, with a code like the engine's. */
export class SourceError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export function failure(error: unknown): Failure {
  if (error instanceof DOMException && error.name === "AbortError") {
    return { code: "cancelled", message: "cancelled" };
  }
  if (error instanceof Error) {
    const code = "code" in error && typeof error.code === "string" ? error.code : "failed";
    return { code, message: error.message };
  }
  return { code: "failed", message: String(error) };
}
