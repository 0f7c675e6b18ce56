import type { Code as EngineCode } from "./engine.js";

/** The code of an error: the engine's codes and those of this package. A code never changes. */
export type Code = EngineCode | "init_missing" | "module_unavailable" | "object_unusable" | "worker_unavailable";

/** An error with a code, like the engine's. */
export const failure = (code: Code, message: string, cause?: unknown): Error & { code: Code } =>
  Object.assign(new Error(message, { cause }), { code });

export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
