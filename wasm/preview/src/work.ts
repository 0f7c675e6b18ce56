// Work that takes long, and what went wrong.

import { EngineError } from "./engine/client.js";

export interface Progress {
  what: string;
  done: number;
  total: number;
  /** Files found so far, while a folder is being listed. */
  files: number | null;
}

export interface Problem {
  code: string;
  message: string;
}

export function problem(error: unknown): Problem {
  if (error instanceof EngineError) return { code: error.code, message: error.message };
  return { code: "failed", message: error instanceof Error ? error.message : String(error) };
}
