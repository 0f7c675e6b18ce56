import type { Code as EngineCode } from "./engine.js";

/** Every reason for a failure: the engine's own, and those of the package around it. A code never changes. */
export type Code = EngineCode | "init_missing" | "module_unavailable" | "object_unusable" | "worker_unavailable";

/** An error as the engine throws it. */
export const failure = (code: Code, message: string, cause?: unknown): Error & { code: Code } =>
  Object.assign(new Error(message, { cause }), { code });

export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
