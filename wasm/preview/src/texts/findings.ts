// The check of a release.

import { html } from "lit";

import type { FoundFinding, Kind } from "../engine/protocol.js";
import { count, plural } from "../format.js";

/** How a level is shown; never by colour alone. */
export const levels: Record<FoundFinding["level"], { sign: string; word: string }> = {
  error: { sign: "✕", word: "error" },
  warning: { sign: "!", word: "warning" },
  hint: { sign: "i", word: "hint" },
};
export const beforeItGoesOut = "Before it goes out";
export const checking = "checking …";
export const fine = "fine";
export const soFar = "nothing found so far";
export const counts = (errors: number, warnings: number) =>
  [errors > 0 ? plural(errors, "error") : "", warnings > 0 ? plural(warnings, "warning") : ""].filter((part) => part !== "").join(", ");
export const hints = (number: number) => plural(number, "hint");
export const places = (number: number) => plural(number, "place");
export const unread = (files: number) =>
  html`${plural(files, "file was", "files were")} not looked into: too many, too large or no longer there. On the server, <code>airwaybill check</code> reads all.`;
export const forDevices = (from: string | null) => html`, for ${from === null ? "devices without a version" : html`devices on <span class="mono">${from}</span>`}`;
export const showFiles = (files: number) => `Show ${files === 1 ? "its file" : `its ${count(files)} files`}`;
export const showKinds = (kinds: readonly Kind[]) => `Show ${kinds.map((kind) => KINDS[kind]).join(" and ")} files`;
export const ifMeant = "If it is meant so …";
export const addLines = html`Add this to <code>check.toml</code>, which stands beside the releases, with the reason:`;
export const linesFor = (code: string, path: string) => `Lines that accept ${code} at ${path}`;
export const accepted = (number: number) => `${count(number)} accepted in check.toml`;

const KINDS: Record<Kind, string> = { delete: "deleted", new: "new", update: "updated", flash: "firmware", same: "unchanged", protected: "protected" };
