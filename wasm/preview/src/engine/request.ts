import * as errors from "../texts/errors.js";
import { SourceError } from "./failure.js";

/** Fetches from the server; its errors are JSON with a code. */
export async function request(url: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { cache: "no-store", ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new SourceError("server_unreachable", errors.unreachable);
  }
  if (response.ok || response.status === 304) return response;
  const document = (await response.json().catch(() => ({}))) as { code?: string; message?: string };
  throw new SourceError(document.code ?? "server_error", document.message ?? errors.responded(response.status, response.statusText));
}
