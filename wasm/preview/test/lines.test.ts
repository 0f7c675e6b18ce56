// Line diffs, the words in them, and what is folded away; without a browser.

import { describe, expect, test } from "vitest";

import { difference, firstChange, isOnlyEnds, lineEndsOf, textOf } from "../src/engine/lines.js";
import { DIFF_KINDS, type Difference } from "../src/engine/protocol.js";
import { Folds } from "../src/folds.js";
import { lineEnds } from "../src/texts/files.js";

const SIGNS = { same: " ", added: "+", removed: "-" };

/** As a patch has it, with the words that differ between brackets. */
function shown({ kinds, texts, words }: Difference): string[] {
  if (kinds.length === 0) return [];
  const lines = texts.split("\n");
  expect(lines.length).toBe(kinds.length);
  for (let word = words.length - 3; word >= 0; word -= 3) {
    const [line, start, end] = words.slice(word, word + 3) as unknown as [number, number, number];
    lines[line] = `${lines[line]!.slice(0, start)}[${lines[line]!.slice(start, end)}]${lines[line]!.slice(end)}`;
  }
  return lines.map((line, index) => SIGNS[DIFF_KINDS[kinds[index]!]!] + line);
}

const of = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

describe("the lines of two texts", () => {
  test.each([
    ["nothing and something", [], ["a", "b"], ["+a", "+b"]],
    ["the same", ["a"], ["a"], [" a"]],
    ["a number in a line", ["x = 1", "y = 2"], ["x = 1", "y = 3"], [" x = 1", "-y = [2]", "+y = [3]"]],
    ["a name in a call", ["f(old_name, 1)"], ["f(new_name, 1)"], ["-f([old_name], 1)", "+f([new_name], 1)"]],
    ["a word more", ["return a"], ["return a or b"], ["-return a", "+return a [or b]"]],
    ["space within a line", ["a(b,c)", "x  =  1"], ["a(b, c)", "x = 1"], ["-a(b,[c])", "-x[  =  1]", "+a(b,[ c])", "+x[ = 1]"]],
    ["lines that have nothing in common", ["import os"], ["x: 5"], ["-import os", "+x: 5"]],
    ["an indentation", ["if a:", "  b()"], ["if a:", "    b()"], [" if a:", "-[  ]b()", "+[    ]b()"]],
    ["a line before one that changed", ["a = 1"], ["# about a", "a = 2"], ["-a = [1]", "+# about a", "+a = [2]"]],
    ["letters of other scripts", ["größe = 'naïve'"], ["größe = 'naïf'"], ["-größe = '[naïve]'", "+größe = '[naïf]'"]],
    ["signs outside the basic plane", ["say('🙂 hello')"], ["say('🙃 hello')"], ["-say('[🙂] hello')", "+say('[🙃] hello')"]],
  ])("%s", (_, before, after, lines) => {
    const found = difference(of(before), of(after));
    expect(shown(found)).toEqual(lines);
    const count = (sign: string) => lines.filter((line) => line.startsWith(sign)).length;
    expect(found).toMatchObject({ added: count("+"), removed: count("-"), isCut: false });
  });

  test.each([
    ["an indentation", ["if a:", "  b()"], ["if a:", "    b()"], [" if a:", "     b()"]],
    ["space at the end, within and instead of a tab", ["a ", "b = 1", "\tc"], ["a", "b  =  1", "  c"], [" a", " b  =  1", "   c"]],
    ["a line that became blank", ["a", "b"], ["a", "  "], [" a", "-b", "+  "]],
    ["a word and its indentation", ["  x = 1"], ["    x = 2"], ["-  x = [1]", "+    x = [2]"]],
  ])("without white space: %s", (_, before, after, lines) => {
    expect(shown(difference(of(before), of(after), true))).toEqual(lines);
  });

  test("a long line is cut, and so are its words", () => {
    const found = difference(`${"x ".repeat(1500)}1`, `${"x ".repeat(1500)}2`);
    expect(found.texts.split("\n").map((line) => line.length)).toEqual([2002, 2002]);
    expect(Math.max(...found.words)).toBeLessThanOrEqual(2002);
    expect(difference("", "x".repeat(1e6)).texts.length).toBeLessThan(3000);
  });

  test("too different to compare in time: all before the first that differs, and that", () => {
    expect(firstChange(["a", "b", "c"], ["a", "x"])).toEqual([
      { count: 1, removed: false, added: false },
      { count: 1, removed: true, added: false },
      { count: 1, removed: false, added: true },
    ]);
    expect(firstChange(["a", "b"], ["a"]).map(({ count }) => count)).toEqual([1, 1, 0]);
    expect(firstChange(["a"], ["a", "b"]).map(({ count }) => count)).toEqual([1, 0, 1]);
  });
});

describe("line ends", () => {
  test.each([
    ["a\r\nb\r\n", "a\nb\n", "Line ends: CRLF on the device, LF after the update."],
    ["a\nb\n", "a\r\nb\n", "Line ends: LF on the device, LF and CRLF after the update."],
    ["a\r\nb\n", "a\nb\r\n", "Line ends: LF and CRLF on the device, LF and CRLF after the update."],
    ["a\nb\n", "a\nb", "Line ends: the last line has one on the device and none after the update."],
    ["a\r\nb", "a\nb\n", "Line ends: CRLF on the device, LF after the update; the last line has none on the device and one after the update."],
  ])("%j and %j differ in them alone", (before, after, text) => {
    expect(isOnlyEnds(before, after)).toBe(true);
    expect(difference(before, after)).toMatchObject({ added: 0, removed: 0 });
    expect(lineEnds([lineEndsOf(before), lineEndsOf(after)])).toBe(text);
  });

  test.each([
    ["a\n", "a\n", null],
    ["a\n", "b\n", null],
    ["a\n", "a\n\n", null],
    ["", "\n", null],
    ["a\r\nb\r\n", "a\nc\n", "Line ends: CRLF on the device, LF after the update."],
    ["a", "b\n", "Line ends: the last line has none on the device and one after the update."],
  ])("%j and %j do not", (before, after, text) => {
    expect(isOnlyEnds(before, after)).toBe(false);
    expect(lineEnds([lineEndsOf(before), lineEndsOf(after)])).toBe(text);
  });

  test("are no change of a line, and are seen where a text has both", () => {
    expect(shown(difference("a\r\nb\r\n", "a\nc\n"))).toEqual([" a", "-b", "+c"]);
    expect(shown(difference("a\r\nb\n", "a\nc\n"))).toEqual([" a", "-b", "+c"]);
    expect(shown(difference("a\nb\n", "a\r\nb\nc\r\n"))).toEqual([" a␍", " b", "+c␍"]);
  });
});

describe("what is folded away", () => {
  const kinds = (signs: string) => Uint8Array.from(signs, (sign) => DIFF_KINDS.findIndex((kind) => SIGNS[kind] === sign));

  test.each([
    ["nothing", "", []],
    ["all, if nothing changed", "     ", [-1]],
    ["what is more than three lines away", "        -+        ", [-1, 5, 6, 7, 8, 9, 10, 11, 12, -2]],
    ["not a single line", "    +    ", [0, 1, 2, 3, 4, 5, 6, 7, 8]],
    ["what is between two changes", "+        -", [0, 1, 2, 3, -1, 6, 7, 8, 9]],
  ])("%s: %j", (_, signs, rows) => {
    expect([...new Folds(kinds(signs)).rows]).toEqual(rows);
  });

  test("opens, one gap at a time", () => {
    const folds = new Folds(kinds(`${" ".repeat(8)}+${" ".repeat(8)}`));
    expect(folds.gaps).toEqual([{ start: 0, end: 5 }, { start: 12, end: 17 }]);
    folds.open(1);
    expect([...folds.rows]).toEqual([-1, ...Array.from({ length: 12 }, (_, line) => line + 5)]);
    folds.open(0);
    expect([...folds.rows]).toEqual(Array.from({ length: 17 }, (_, line) => line));
  });

  test("every line is in a row or in a gap, and each change is known", () => {
    const folds = new Folds(kinds("-+     +  -     +"));
    expect(folds.changes).toEqual([0, 7, 10, 16]);
  });
});

test("text is UTF-8 without a NUL", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  expect(textOf(encode("größer"))).toBe("größer");
  expect(textOf(encode("a\0b"))).toBeNull();
  expect(textOf(new Uint8Array([0xff]))).toBeNull();
});
