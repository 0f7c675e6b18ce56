// The list and the tree of files, and what is moved; without a browser.

import { describe, expect, test } from "vitest";

import { KINDS, type Kind, type PlanAnswer, type Rows } from "../src/engine/protocol.js";
import { movesOf } from "../src/engine/rows.js";
import { FileList, type Listed } from "../src/file-list.js";
import { START } from "../src/fragment.js";

type File = readonly [kind: Kind, path: string, size: number, before?: number];

const FILES: readonly File[] = [
  ["flash", "/firmware_1.0.1.bin", 5000, 4000],
  ["new", "flash/a.py", 10],
  ["delete", "flash/lib/b.py", 20],
  ["update", "flash/lib/c.py", 30, 25],
  ["same", "flash/lib/deep/d.py", 40, 40],
  ["update", "flash/lib/deep/e.py", 7, 9],
  ["protected", "flash/z.py", NaN],
  ["new", "sd/x.wav", 1000],
];

function listed(files: readonly File[], view: Partial<Listed["view"]> = {}): Listed {
  const numbers = (pick: (file: File) => number) => Float64Array.from(files, pick);
  const rows: Rows = {
    count: files.length,
    kinds: Uint8Array.from(files, ([kind]) => KINDS.indexOf(kind)),
    paths: "",
    sizes: numbers(([, , size]) => size),
    before: numbers(([, , , before = NaN]) => before),
    moved: new Int32Array(files.length).fill(-1),
  };
  return { plan: { rows } as PlanAnswer, paths: files.map(([, path]) => path), view: { ...START, ...view }, found: new Map([["secret_key", new Set([4, 7])]]) };
}

/** Each line as a person sees it. */
function seen(list: FileList, of: Listed): string[] {
  return list.of(of).lines.map((line) => {
    const indent = "  ".repeat(line.level - 1);
    if (line.directory === null) return `${indent}${of.paths[line.row]!.split("/").at(-1)!}`;
    const { name, counts, bytes, change } = line.directory;
    const parts = KINDS.flatMap((kind, index) => (counts[index] === 0 ? [] : `${counts[index]} ${kind}`));
    return `${indent}${line.isOpen ? "▾" : "▸"} ${name} ${parts.join(", ")}; ${bytes} B, ${change}`;
  });
}

const TREE = { asTree: true, kinds: KINDS };

describe("the tree", () => {
  test("has the sums of each directory: of what is there afterwards, and of how much it grows", () => {
    expect(seen(new FileList(), listed(FILES, TREE))).toEqual([
      "▾ flash/ 1 delete, 1 new, 2 update, 1 same, 1 protected; 87 B, -7",
      "  ▾ lib/ 1 delete, 2 update, 1 same; 77 B, -17",
      "    ▾ deep/ 1 update, 1 same; 47 B, -2",
      "      d.py",
      "      e.py",
      "    b.py",
      "    c.py",
      "  a.py",
      "  z.py",
      "▾ sd/ 1 new; 1000 B, 1000",
      "  x.wav",
      "firmware_1.0.1.bin",
    ]);
  });

  test.each([
    ["a filter", { filter: "DEEP" }, ["▾ flash/ 1 update, 1 same; 47 B, -2", "  ▾ lib/ 1 update, 1 same; 47 B, -2", "    ▾ deep/ 1 update, 1 same; 47 B, -2", "      d.py", "      e.py"]],
    ["kinds", { kinds: ["new"] as const }, ["▾ flash/ 1 new; 10 B, 10", "  a.py", "▾ sd/ 1 new; 1000 B, 1000", "  x.wav"]],
    ["a finding", { finding: "secret_key" }, ["▾ flash/ 1 same; 40 B, 0", "  ▾ lib/ 1 same; 40 B, 0", "    ▾ deep/ 1 same; 40 B, 0", "      d.py", "▾ sd/ 1 new; 1000 B, 1000", "  x.wav"]],
    ["a finding without files", { finding: "other" }, []],
  ])("has what %s leaves", (_, view, lines) => {
    expect(seen(new FileList(), listed(FILES, { ...TREE, ...view }))).toEqual(lines);
  });

  test.each([
    ["path", false, ["flash/", "lib/", "deep/", "sd/"], ["d.py", "e.py", "b.py", "c.py", "a.py", "z.py", "x.wav", "firmware_1.0.1.bin"]],
    ["path", true, ["sd/", "flash/", "lib/", "deep/"], ["x.wav", "e.py", "d.py", "c.py", "b.py", "z.py", "a.py", "firmware_1.0.1.bin"]],
    ["size", true, ["sd/", "flash/", "lib/", "deep/"], ["x.wav", "d.py", "e.py", "c.py", "b.py", "a.py", "z.py", "firmware_1.0.1.bin"]],
    ["change", false, ["flash/", "lib/", "deep/", "sd/"], ["e.py", "d.py", "b.py", "c.py", "z.py", "a.py", "x.wav", "firmware_1.0.1.bin"]],
  ] as const)("is sorted by %s (descending: %s), directories by their sums and first", (sort, descending, directories, files) => {
    const of = listed(FILES, { ...TREE, sort, descending });
    const shown = new FileList().of(of);
    expect(shown.lines.flatMap(({ directory }) => directory?.name ?? [])).toEqual(directories);
    expect(shown.files.map((row) => of.paths[row]!.split("/").at(-1))).toEqual(files);
  });

  test("opens and closes; its files are all of them", () => {
    const list = new FileList();
    const of = listed(FILES, TREE);
    list.of(of);
    list.fold("flash/lib/", false);
    expect(seen(list, of).map((line) => line.trim().split(" ").slice(0, 2).join(" "))).toEqual([
      "▾ flash/", "▸ lib/", "a.py", "z.py", "▾ sd/", "x.wav", "firmware_1.0.1.bin",
    ]);
    expect(list.of(of).files.length).toBe(FILES.length);
    list.fold("flash/", false);
    list.unfold("flash/lib/deep/e.py");
    expect(seen(list, of).length).toBe(12);
  });

  test("says the place of each line among those beside it", () => {
    const { lines } = new FileList().of(listed(FILES, TREE));
    expect(lines.map(({ level, place, siblings }) => `${level}: ${place}/${siblings}`)).toEqual([
      "1: 1/3", "2: 1/3", "3: 1/3", "4: 1/2", "4: 2/2", "3: 2/3", "3: 3/3", "2: 2/3", "2: 3/3", "1: 2/3", "2: 1/1", "1: 3/3",
    ]);
  });

  test("of many files has only its top open", () => {
    const files = Array.from({ length: 1000 }, (_, index): File => ["new", `flash/part_${index % 10}/${index}.py`, 1]);
    const shown = new FileList().of(listed(files, TREE));
    expect(shown.lines.length).toBe(11);
    expect(shown.files.length).toBe(1000);
  });
});

test("the list has all files, in any order", () => {
  const list = new FileList();
  const paths = (view: Partial<Listed["view"]>) => {
    const of = listed(FILES, { kinds: KINDS, ...view });
    return list.of(of).files.map((row) => of.paths[row]!.split("/").at(-1)!.split(".")[0]);
  };
  expect(paths({})).toEqual(["firmware_1", "a", "b", "c", "d", "e", "z", "x"]);
  expect(paths({ sort: "kind" })).toEqual(["b", "a", "x", "c", "e", "firmware_1", "d", "z"]);
  expect(paths({ sort: "size", descending: true })).toEqual(["firmware_1", "x", "d", "c", "b", "a", "e", "z"]);
  expect(paths({ sort: "change" })).toEqual(["z", "b", "e", "d", "c", "a", "firmware_1", "x"]);
});

describe("moved", () => {
  const digest = (content: string) => content.padEnd(40, "0");
  const files = (of: Record<string, string>) => Object.entries(of).map(([path, content]) => ({ path, size: content.length, sha1: digest(content) }));

  test.each([
    ["one file", { "a/x.py": "one" }, { "b/y.py": "one" }, { "a/x.py": "b/y.py" }],
    ["not what is empty", { "a/x.py": "" }, { "b/x.py": "" }, {}],
    ["not another content", { "a/x.py": "one" }, { "b/x.py": "two" }, {}],
    ["of two, the one of the same name", { "a/x.py": "one" }, { "b/a.py": "one", "b/x.py": "one" }, { "a/x.py": "b/x.py" }],
    ["to one of the same name first, wherever it is", { "a/p.py": "one", "a/x.py": "one" }, { "b/x.py": "one" }, { "a/x.py": "b/x.py" }],
    ["without the same name, in the order of paths", { "a/1": "one", "a/2": "one" }, { "b/3": "one", "b/4": "one" }, { "a/1": "b/3", "a/2": "b/4" }],
    ["several of one name, in the order of paths", { "a/x": "one", "b/x": "one" }, { "c/x": "one", "d/x": "one" }, { "a/x": "c/x", "b/x": "d/x" }],
    ["more that are gone than have come", { "a/1": "one", "a/2": "one" }, { "b/3": "one" }, { "a/1": "b/3" }],
  ])("%s", (_, gone, come, moves) => {
    const held = { release: "1.0.0", files: new Map(files(gone).map((file) => [file.path, file])), kept: new Set<string>() };
    const plan = { delete: Object.keys(gone), new: files(come) } as unknown as Parameters<typeof movesOf>[0];
    const both = Object.entries(moves as Record<string, string>).flatMap(([from, to]) => [[from, to], [to, from]]);
    expect(Object.fromEntries(movesOf(plan, held))).toEqual(Object.fromEntries(both));
  });
});
