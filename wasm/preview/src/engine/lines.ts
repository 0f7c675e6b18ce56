// Line diffs.

import { diffLines } from "diff";

import type { DiffLine } from "./protocol.js";

export const TEXT_BYTES = 1024 * 1024;
const CONTEXT = 3;
const TIMEOUT_MILLISECONDS = 400;
/** Longer lines are cut: a file of a single line would block the page. */
const LINE_CHARACTERS = 2000;

/** The text of a file, or null if it is binary. */
export function textOf(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

export interface LineDifference {
  lines: DiffLine[];
  added: number;
  removed: number;
}

/** The changed lines with three lines of context; null if finding them takes too long. */
export function difference(before: string, after: string): LineDifference | null {
  const changes = diffLines(before, after, { timeout: TIMEOUT_MILLISECONDS });
  if (changes === undefined) return null;
  const lines: DiffLine[] = [];
  let [old, next, added, removed] = [1, 1, 0, 0];
  for (const change of changes) {
    const texts = split(change.value);
    for (const text of texts) {
      if (change.added) lines.push({ kind: "added", text, before: null, after: next++ });
      else if (change.removed) lines.push({ kind: "removed", text, before: old++, after: null });
      else lines.push({ kind: "same", text, before: old++, after: next++ });
    }
    if (change.added) added += texts.length;
    if (change.removed) removed += texts.length;
  }
  return { lines: folded(lines), added, removed };
}

/** Lines around the first place where two texts differ, for texts too long to compare line by line. */
export function firstDifference(before: string, after: string): DiffLine[] {
  const [old, next] = [before.split("\n"), after.split("\n")];
  let at = 0;
  while (at < old.length && old[at] === next[at]) at += 1;
  const lines: DiffLine[] = [];
  if (at > CONTEXT) lines.push(gap(at - CONTEXT));
  for (let line = Math.max(0, at - CONTEXT); line < at; line += 1) {
    lines.push({ kind: "same", text: shortened(old[line] ?? ""), before: line + 1, after: line + 1 });
  }
  if (at < old.length) lines.push({ kind: "removed", text: shortened(old[at] ?? ""), before: at + 1, after: null });
  if (at < next.length) lines.push({ kind: "added", text: shortened(next[at] ?? ""), before: null, after: at + 1 });
  lines.push({ kind: "gap", text: "only the first difference is shown", before: null, after: null });
  return lines;
}

function split(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => shortened(line.replace(/\r$/, "␍")));
}

function shortened(line: string): string {
  return line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)} …` : line;
}

function gap(count: number): DiffLine {
  return { kind: "gap", text: count === 1 ? "1 line the same" : `${count} lines the same`, before: null, after: null };
}

function folded(lines: DiffLine[]): DiffLine[] {
  const shown = new Uint8Array(lines.length);
  lines.forEach((line, index) => {
    if (line.kind !== "same") shown.fill(1, Math.max(0, index - CONTEXT), index + CONTEXT + 1);
  });
  const result: DiffLine[] = [];
  for (let index = 0; index < lines.length; ) {
    if (shown[index]) {
      result.push(lines[index++]!);
      continue;
    }
    const start = index;
    while (index < lines.length && !shown[index]) index += 1;
    result.push(gap(index - start));
  }
  return result;
}
