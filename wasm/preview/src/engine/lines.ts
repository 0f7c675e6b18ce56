// Line diffs, with the words that differ within changed lines.

import { diffArrays } from "diff";

import { DIFF_KINDS, type Difference, type DiffKind, type LineEnds } from "./protocol.js";

export const TEXT_BYTES = 1024 * 1024;
const LINES_MILLISECONDS = 400;
const WORDS_MILLISECONDS = 200;
/** Of a line of which more differs than this share of its characters, all counts as changed. */
const MOST_MARKED = 0.7;
/** Longer lines are cut: a file of a single line would block the page. */
const LINE_CHARACTERS = 2000;
/** Indentation; a word or a sign, with the space before it; space at the end. */
const TOKEN = /^\s+|\s*(?:[\p{L}\p{M}\p{N}_]+|\S)|\s+$/gu;

/** The text of a file, or null if it is binary. */
export function textOf(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

export function lineEndsOf(text: string): LineEnds {
  const [all, both] = [occurrences(text, "\n"), occurrences(text, "\r\n")];
  const style = all === 0 ? null : both === 0 ? "lf" : both === all ? "crlf" : "mixed";
  return { style, isFinal: text === "" ? null : text.endsWith("\n") };
}

/** Whether two texts that are not empty differ in their line ends alone: CRLF or LF, and whether the last line has one. */
export function isOnlyEnds(before: string, after: string): boolean {
  const plain = (text: string) => text.replaceAll("\r\n", "\n").replace(/\n$/, "");
  return before !== after && before !== "" && after !== "" && plain(before) === plain(after);
}

/** All lines of two texts. Those that differ in their line ends alone, or in their white space if that is ignored, are the same. */
export function difference(before: string, after: string, ignoresSpace = false): Difference {
  const [old, next] = [linesOf(before), linesOf(after)];
  const keyed = ignoresSpace ? (line: string) => line.replace(/\s+/g, "") : (line: string) => line.replace(/\r$/, "");
  const keys = [old.map(keyed), next.map(keyed)] as const;
  const found = diffArrays(...keys, { timeout: LINES_MILLISECONDS });
  const kinds: number[] = [];
  const texts: string[] = [];
  const words: number[] = [];
  const until = performance.now() + WORDS_MILLISECONDS;
  const [isMixed, wasMixed] = [after, before].map((text) => lineEndsOf(text).style === "mixed");
  const put = (kind: DiffKind, lines: readonly string[], hasMarks = kind === "removed" ? wasMixed : isMixed) => {
    for (const line of lines) {
      kinds.push(DIFF_KINDS.indexOf(kind));
      texts.push(shortened(line.replace(/\r$/, hasMarks ? "␍" : "")));
    }
  };
  let [oldAt, nextAt, removed, added, allRemoved, allAdded] = [0, 0, 0, 0, 0, 0];
  const putChanged = () => {
    const [gone, come] = [old.slice(oldAt, oldAt + removed), next.slice(nextAt, nextAt + added)];
    for (const { line, start, end } of changedWords(gone, come, ignoresSpace, until)) words.push(kinds.length + line, start, end);
    put("removed", gone);
    put("added", come);
    [oldAt, nextAt, allRemoved, allAdded] = [oldAt + removed, nextAt + added, allRemoved + removed, allAdded + added];
    removed = added = 0;
  };
  for (const change of found ?? firstChange(...keys)) {
    if (change.removed) removed += change.count;
    else if (change.added) added += change.count;
    else {
      putChanged();
      put("same", next.slice(nextAt, nextAt + change.count));
      oldAt += change.count;
      nextAt += change.count;
    }
  }
  putChanged();
  return {
    kinds: Uint8Array.from(kinds), texts: texts.join("\n"), words: Uint32Array.from(words),
    added: allAdded, removed: allRemoved, isCut: found === undefined,
  };
}

/** What is the same before the first line that differs, and that line: for texts too different to compare them in time. */
export function firstChange(before: readonly string[], after: readonly string[]) {
  const end = before.findIndex((line, index) => line !== after[index]);
  const at = end < 0 ? before.length : end;
  return [
    { count: at, removed: false, added: false },
    { count: Math.min(1, before.length - at), removed: true, added: false },
    { count: Math.min(1, after.length - at), removed: false, added: true },
  ];
}

interface Mark {
  /** Of the lines that are gone and then of those that have come. */
  line: number;
  /** Characters, from one up to another. */
  start: number;
  end: number;
}

/** The words that differ between lines and those in their place, in order; none if finding them takes too long. */
function changedWords(gone: readonly string[], come: readonly string[], ignoresSpace: boolean, until: number): Mark[] {
  const timeout = until - performance.now();
  if (gone.length === 0 || come.length === 0 || timeout <= 0) return [];
  const [old, next] = [tokensOf(gone, 0, ignoresSpace), tokensOf(come, gone.length, ignoresSpace)];
  const changes = diffArrays(old.map(({ key }) => key), next.map(({ key }) => key), { timeout }) ?? [];
  const lines = [...gone, ...come].map((): Mark[] => []);
  let [oldAt, nextAt] = [0, 0];
  let run: [Token[], Token[]] = [[], []];
  const put = () => {
    const [before, after] = run.map((tokens) => tokens.map(({ key }) => key.trim()).join(" "));
    for (const [index, { line, start, end, key }] of run.flatMap((tokens) => [...tokens.entries()])) {
      // The space before words that changed is theirs only if it is all that changed.
      const word = key.trimStart().length;
      lines[line]!.push({ line, start: index > 0 || before === after || word === 0 ? start : end - word, end });
    }
    run = [[], []];
  };
  for (const { count, removed, added } of changes) {
    if (removed) run[0] = old.slice(oldAt, oldAt + count);
    else if (added) run[1] = next.slice(nextAt, nextAt + count);
    else put();
    if (!added) oldAt += count;
    if (!removed) nextAt += count;
  }
  put();
  return lines.flatMap((marks, line) => {
    const text = line < gone.length ? gone[line]! : come[line - gone.length]!;
    const marked = marks.reduce((sum, { start, end }) => sum + signs(text.slice(start, end)), 0);
    return marked > MOST_MARKED * signs(text) ? [] : joined(marks);
  });
}

const signs = (text: string) => text.replace(/\s+/g, "").length;

interface Token extends Mark {
  /** What is compared of it. */
  key: string;
}

function tokensOf(lines: readonly string[], first: number, ignoresSpace: boolean): Token[] {
  return lines.flatMap((text, index) =>
    [...shortened(text.replace(/\r$/, "")).matchAll(TOKEN)].flatMap(({ index: at, 0: token }) => {
      const key = ignoresSpace ? token.trimStart() : token;
      const end = at + token.length;
      return key.trim() === "" && ignoresSpace ? [] : [{ line: first + index, start: end - key.length, end, key }];
    }),
  );
}

/** Those that touch are one. */
function joined(marks: readonly Mark[]): Mark[] {
  const result: Mark[] = [];
  for (const { line, start, end } of marks) {
    const last = result.at(-1);
    if (last?.end === start) last.end = end;
    else result.push({ line, start, end });
  }
  return result;
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function shortened(line: string): string {
  return line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)} …` : line;
}

function occurrences(text: string, part: string): number {
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count += 1;
  return count;
}
