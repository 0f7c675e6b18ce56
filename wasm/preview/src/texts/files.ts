// What the page says about the files of a plan: their list, their tree, one of them.

import { html } from "lit";

import type { DiffKind, FileAnswer, ImageAnswer, Kind, LineEnds } from "../engine/protocol.js";
import type { Sort } from "../fragment.js";
import { count, plural } from "../format.js";

/** How a kind of change is shown; never by colour alone. */
export const kinds: Record<Kind, { sign: string; word: string; title: string }> = {
  delete: { sign: "−", word: "delete", title: "on the device and not in the target" },
  new: { sign: "+", word: "new", title: "in the target and not on the device" },
  update: { sign: "~", word: "update", title: "in both, with different content" },
  flash: { sign: "↯", word: "flash", title: "the firmware that the device gets" },
  same: { sign: "=", word: "unchanged", title: "the device keeps it" },
  protected: { sign: "•", word: "protected", title: "no update touches it: the server's settings protect it" },
};

/** On narrow screens without the rest. */
export const columns: Record<Sort, unknown> = { kind: "Change", path: html`Path<span class="rest"> on the device</span>`, size: "Size", change: "± bytes" };
export const files = "Files";
export const filter = "Filter by path";
export const show = "Show";
export const filesAs = "Files as";
export const list = "List";
export const tree = "Tree";
export const showAll = "show all files again";
export const only = (finding: string) => html`only <code>${finding}</code>`;
export const filesShown = (files: number) => `${count(files)} files shown`;
export const noFiles = "No files.";
export const notKnownFiles = "The device's files are not known: its release is not available here.";
export const noFileFound = "No file of this plan has this finding.";
export const noFileMatches = "No file matches the filter.";
export const noKind = "No file is of the selected kinds.";
export const filesBelow = (files: number) => plural(files, "file");
export const afterUpdate = "after the update, of the files that are shown";
export const moreBytes = "more, of the files that are shown";
export const movedTo = (path: string) => `moved to ${path}`;
export const movedFrom = (path: string) => `moved from ${path}`;

export const close = "Close";
export const file = "File";
export const previousFile = "Previous file";
export const nextFile = "Next file";
export const placeOf = (place: number, files: number) => `${count(place)} of ${count(files)}`;
export const notShown = "Not shown:";
export const noContent = "Its content is not shown:";
export const unknown = "unknown: its release is not available here";
export const noSuchFile = "no such file";
export const onDevice = "On the device";
export const after = "After the update";
export const inRelease = (version: string | null) => html`In ${version}`;
export const isProtected =
  "Protected by the server's settings: no update adds, changes or deletes this file. What the device has under this name is not known here.";
export const moved = {
  delete: (path: unknown) => html`Moved to ${path}, with the same content.`,
  new: (path: unknown) => html`Moved from ${path}, with the same content.`,
};

export const notes: Record<Exclude<FileAnswer["note"], "line_ends" | null>, string> = {
  not_known: "nothing to compare with: the device's files are not known.",
  too_large: "too large for a line diff.",
  binary: "binary file: no line diff.",
};
export const linesAdded = (lines: number) => `${plural(lines, "line")} added`;
export const linesRemoved = (lines: number) => `${plural(lines, "line")} removed`;
export const noLine = "No line differs.";
export const onlySpace = "Only white space differs.";
export const ignoreSpace = "Ignore white space";
export const previousChange = "Previous change";
export const nextChange = "Next change";
export const change = "change";
export const differencesIn = (path: string) => `Differences in ${path}`;
export const atChange = (change: number, changes: number) => `Change ${count(change)} of ${count(changes)}`;
export const firstOnly = "Only the first difference is shown: the rest differs too much.";
export const text = "Text";
export const diffWords: Record<DiffKind, string> = { same: "", added: "added", removed: "removed" };
export const gapText = (lines: number) => `${plural(lines, "line")} the same: show`;

const STYLES = { lf: "LF", crlf: "CRLF", mixed: "LF and CRLF" } as const;

/** What differs in the line ends of two texts; null if nothing does. */
export function lineEnds([before, after]: readonly [LineEnds, LineEnds]): string | null {
  const parts: string[] = [];
  const isMixed = before.style === "mixed" || after.style === "mixed";
  if (before.style !== null && after.style !== null && (isMixed || before.style !== after.style)) {
    parts.push(`${STYLES[before.style]} on the device, ${STYLES[after.style]} after the update`);
  }
  if (before.isFinal !== null && after.isFinal !== null && before.isFinal !== after.isFinal) {
    parts.push(`the last line has ${before.isFinal ? "one on the device and none after the update" : "none on the device and one after the update"}`);
  }
  return parts.length === 0 ? null : `Line ends: ${parts.join("; ")}.`;
}

export const onlyLineEnds = "Only line ends differ.";

export const version = "Version";
export const size = "Size";
export const replacing = "Replaces";
export const noFirmware = "This plan does not flash it.";
export const sha256Unknown = "not known";

/** What an image replaces; `here` is what is known of that. */
export function replaces({ than, isNamed, replaced }: ImageAnswer, here: unknown) {
  if (than === null) return html`unknown: the device names neither its firmware version nor its release`;
  const image = replaced === null ? "of which there is no image here" : here;
  return html`<span class="mono">${than}</span>, ${image}${isNamed ? "" : html`<br /><span class="soft">by its release: the device names no firmware version</span>`}`;
}
