// What needs no browser.

import { parse as parseToml } from "smol-toml";
import { describe, expect, test } from "vitest";

import { sumsOf } from "../src/engine/sums.js";
import { acceptLines, grouped, rowsOf } from "../src/found.js";
import { bytes, change, duration, exactBytes, plural } from "../src/format.js";
import { parse, SORTS, START, TABS, write, type View } from "../src/fragment.js";
import { LINKS, linkOf, seconds } from "../src/links.js";
import { shareOf } from "../src/matrix-rows.js";
import { dice } from "./support/tree.js";

describe("the address", () => {
  test("keeps every view", () => {
    const roll = dice(7);
    const one = <Value>(...values: readonly Value[]): Value => values[Math.floor(roll() * values.length)]!;
    for (let round = 0; round < 500; round += 1) {
      const view: View = {
        source: one(
          null,
          { kind: "zip" as const, name: "a&b=c#d.zip", digest: "0123456789ab", inside: "", as: null, onTop: false },
          { kind: "folder" as const, name: "日本 %20", digest: "", inside: "a b/", as: "1.0+b", onTop: true },
        ),
        tab: one(...TABS),
        from: one(null, "1.0.0", "1.0+b", "a&b=c#d", "日本 %20"),
        to: one(null, "2.0"),
        firmware: one(null, "1.20.2.r4"),
        downgrade: one(true, false),
        withImages: one(true, false),
        asTime: one(true, false),
        chosenScheme: one(null, "loose" as const, "semver" as const, "pep440" as const),
        dstPaths: one(null, "absolute" as const, "relative" as const),
        base: one(null, "http://[::1]:8000/x y"),
        format: one(1 as const, 2 as const),
        filter: one("", "flash/", " a+b "),
        kinds: one(START.kinds, [], ["same" as const], ["delete" as const, "protected" as const]),
        sort: one(...SORTS),
        descending: one(true, false),
        asTree: one(true, false),
        ignoresSpace: one(true, false),
        file: one(null, "flash/ä b.py"),
        finding: one(null, "secret_key"),
        link: one("wifi", "lora", "nbiot"),
        figures: one(null, [5.47, 1, 2] as const, [0, 0, 0] as const),
      };
      expect(parse(write(view))).toEqual({ view, device: true });
    }
  });

  test.each(["", "#", "from", "%", "tab=x&format=9&figures=1+2&scheme=best&kinds=all&paths=odd", "&&&=&"])("%j is read as far as it goes", (text) => {
    const { view } = parse(text);
    expect(view).toEqual({ ...START, kinds: view.kinds });
  });

  test("names a device only when it does", () => {
    expect(parse("tab=plan").device).toBe(false);
    expect(parse("from=").device).toBe(true);
  });
});

describe("lists of sha1sum and sha256sum", () => {
  const [sha1, sha256] = ["0123456789abcdef0123456789abcdef01234567", "ab".repeat(32)];
  test.each([
    ["of text", `${sha1}  flash/main.py\n`, [{ path: "flash/main.py", digest: sha1 }]],
    ["of binary files, below a dot", `${sha256} *./flash/lib/a b.py\n`, [{ path: "flash/lib/a b.py", digest: sha256 }]],
    ["with whole paths", `${sha1}  /flash/main.py`, [{ path: "flash/main.py", digest: sha1 }]],
    ["with tags", `SHA256 (flash/a (1).py) = ${sha256.toUpperCase()}\nSHA1 (b) = ${sha1}\n`, [{ path: "flash/a (1).py", digest: sha256 }, { path: "b", digest: sha1 }]],
    ["with escaped names", `\\${sha1}  a\\\\b\\nc\n`, [{ path: "a\\b\nc", digest: sha1 }]],
    ["from Windows", `${sha1}  a\r\n\r\n${sha1}  b\r\n`, [{ path: "a", digest: sha1 }, { path: "b", digest: sha1 }]],
    ["no such list", '[{"path": "a"}]', null],
    ["nothing", "\n", null],
    ["an MD5", `${sha1.slice(0, 32)}  a\n`, null],
  ])("%s", (_, text, expected) => expect(sumsOf(text)).toEqual(expected));

  test("a line that is none is named", () => {
    expect(() => sumsOf(`${sha1}  a\nsha1sum: b: Permission denied\n`)).toThrow("line 2 of the list has no digest and path: sha1sum: b: Permission denied");
  });
});

describe("findings", () => {
  const finding = (path: string, code = "secret_key", level: "error" | "warning" = "warning") => ({
    path, code, level, message: `about ${path}`, advice: "remove it",
  });
  const answer = (...findings: ReturnType<typeof finding>[]) => ({ findings, accepted: [], target: "1.0.1", from: "1.0.0", unread: 0 });

  test("of one kind with the same advice are one group", () => {
    const findings = [finding("a", "python_broken", "error"), finding("b"), finding("c", "secret_url"), finding("d")];
    const groups = grouped([...findings, { ...finding("e"), advice: "create a new one" }]);
    expect(groups.map(({ code, findings }) => [code, ...findings.map(({ path }) => path)])).toEqual([
      ["python_broken", "a"], ["secret_key", "b", "d"], ["secret_url", "c"], ["secret_key", "e"],
    ]);
    expect(groups.map(({ name }) => name)).toEqual(["python_broken", "secret_key", "secret_url", "secret_key 2"]);
  });

  test.each([
    ["1.0.1/flash/a.py", [0]],
    ["1.0.1/flash/lib", [2, 3]],
    ["1.0.1/flash", [0, 1, 2, 3]],
    ["1.0.1/flash/li", []],
    ["1.0.0/flash/a.py", []],
    ["1.0.1", []],
    ["firmware_1.0.1.bin", [4]],
    ["", []],
  ])("at %j are about these rows of a plan: %j", (path, rows) => {
    const paths = ["flash/a.py", "flash/b.py", "flash/lib/c.py", "flash/lib/d/e.py", "/firmware_1.0.1.bin"];
    expect([...(rowsOf(answer(finding(path)), paths).get("secret_key") ?? [])]).toEqual(rows);
  });

  test("of one kind with other advice have rows of their own", () => {
    const found = answer(finding("1.0.1/flash/a.py"));
    const other = { ...finding("1.0.1/flash/b.py"), advice: "create a new one" };
    const rows = rowsOf({ ...found, findings: [...found.findings, other] }, ["flash/a.py", "flash/b.py"]);
    expect([...rows].map(([name, places]) => [name, ...places])).toEqual([["secret_key", 0], ["secret_key 2", 1]]);
  });

  test("of settings that cannot be read are not accepted in them", () => {
    expect(acceptLines([finding("check.toml", "settings_invalid")])).toBe("");
  });

  test.each([
    ["1.0.1/flash/key.pem", "1.0.1/flash/key.pem"],
    ["1.0.1/flash/*[a]{b,c}?!.key", "1.0.1/flash/\\*\\[a\\]\\{b,c\\}\\?\\!.key"],
    ['1.0.1/flash/"ä b".key', '1.0.1/flash/"ä b".key'],
    ["1.0.1/flash/.git/", "1.0.1/flash/.git"],
    ["1.0.1/flash\\key", "1.0.1/flash\\\\key"],
  ])("are accepted by a glob that matches %s alone, as TOML", (path, glob) => {
    expect(parseToml(acceptLines([finding(path)]))).toEqual({ accept: [{ code: "secret_key", path: glob, reason: "" }] });
  });

  test.each(["", "1.0.1/../x", "1.0.1//x", "./x"])("at %j cannot be accepted", (path) => {
    expect(acceptLines([finding(path)])).toBe("");
  });
});

test("numbers read as people write them", () => {
  expect([0, 999, 1000, 109_485, 999_499, 999_500, 1.5e9].map(bytes)).toEqual([
    "0 B", "999 B", "1.00 kB", "109 kB", "999 kB", "1.00 MB", "1.50 GB",
  ]);
  expect([NaN, -4044, 0, 84].map(change)).toEqual(["—", "−4.04 kB", "±0 B", "+84 B"]);
  expect(exactBytes(1234567)).toBe("1,234,567 B");
  expect([0, 0.05, 0.7, 59, 150, 7200, 16_000, 1e6, Infinity].map(duration)).toEqual([
    "no time", "under 0.1 s", "0.7 s", "59 s", "3 min", "2 h", "4 h 27 min", "12 days", "forever",
  ]);
  expect([plural(1, "file"), plural(2000, "file")]).toEqual(["1 file", "2,000 files"]);
});

test("a link's time has the bits, the share of the air and the requests", () => {
  expect(seconds([8, 100, 0], 1000, 0)).toBe(1);
  expect(seconds([8, 1, 0], 1000, 0)).toBe(100);
  expect(seconds([8, 100, 2], 1000, 3)).toBe(7);
  expect(seconds([0, 100, 0], 1, 0)).toBe(Infinity);
  expect(linkOf("nonsense")).toBe(LINKS[0]);
});

test("a colour of the matrix says which share of the downloads is no larger, not how large one is", () => {
  const ranks = Float64Array.of(1, 2, 3, 1_000_000);
  expect([1, 2, 2.5, 3, 1_000_000].map((value) => shareOf(value, ranks))).toEqual([0.25, 0.5, 0.5, 0.75, 1]);
  expect(shareOf(5, new Float64Array())).toBe(0);
});
