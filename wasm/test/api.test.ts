import { createHash } from "node:crypto";
import { runInNewContext } from "node:vm";

import { describe, expect, test } from "vitest";

import {
  Catalog,
  DevicePath,
  type Entry,
  Filter,
  Hasher,
  Manifest,
  Version,
  code,
  type Peek,
  checkSettings,
  isDocument,
  isPatch,
  peek,
  sha1,
  verifyContent,
  verifyDevice,
} from "./airwaybill.js";

const bytes = (text: string) => new TextEncoder().encode(text);
const file = (path: string, content: string) => ({ path, size: content.length, sha1: sha1(bytes(content)) });

const listing = [
  file("1.0.0/flash/main.py", "old"),
  file("1.0.0/flash/gone.py", "gone"),
  file("1.0.1/flash/main.py", "newer"),
  file("1.0.1/flash/lib/ünï 𝄞.py", "added"),
  file("firmware_1.0.1.bin", "image"),
  file("notes.txt", ""),
];
const catalog = Catalog.fromListing(listing);
const options = { baseUrl: "http://192.168.1.144:8000" };

describe("Catalog", () => {
  test("lists its releases, images and what it ignores", () => {
    expect(catalog.releases).toEqual([
      { version: "1.0.0", size: 7, fileCount: 2 },
      { version: "1.0.1", size: 10, fileCount: 2 },
    ]);
    expect(catalog.firmware).toEqual([{ ...file("firmware_1.0.1.bin", "image"), version: "1.0.1" }]);
    expect(catalog.ignored).toEqual([{ path: "notes.txt", code: "not_firmware", message: expect.any(String) }]);
    expect(catalog.warnings).toEqual([]);
  });

  test("gives the files of a release", () => {
    expect(catalog.files("1.0.1")).toEqual([file("flash/lib/ünï 𝄞.py", "added"), file("flash/main.py", "newer")]);
    expect(code(() => catalog.files("9.9"))).toBe("release_unknown");
  });

  test("finds by path from the top", () => {
    expect(catalog.find("1.0.1/flash/main.py")).toEqual(listing[2]);
    expect(catalog.find("firmware_1.0.1.bin")).toEqual(listing[4]);
    expect(catalog.find("nowhere")).toBeNull();
  });

  test("takes a size of under 2^53, a whole number", () => {
    const from = (size: unknown, more = {}) => Catalog.fromListing([{ ...listing[0], ...more, size } as Entry]);
    expect(from(2 ** 53 - 1).releases[0]!.size).toBe(2 ** 53 - 1);
    expect(from(3, { link: undefined }).releases[0]!.size).toBe(3);
    for (const size of [2 ** 53, 2 ** 64, 1e300]) expect(code(() => from(size))).toBe("size_too_big");
    for (const size of [-1, 1.5, "3", 3n, true]) expect(code(() => from(size))).toBe("field_type");
    for (const size of [NaN, Infinity, null, undefined]) expect(code(() => from(size))).toBe("field_missing");
  });

  test("names the entry that is wrong", () => {
    const wrong = (entry: unknown) => () => Catalog.fromListing([listing[0], entry] as typeof listing);
    expect(wrong({ path: "1.0.0/a", size: 1, sha1: "DA39" })).toThrow(/^listing\[1\]: "1\.0\.0\/a": "DA39"/);
    expect(wrong({ path: "1.0.0/a", siize: 1 })).toThrow(/^listing\[1\]\.siize: unknown field/);
    expect(wrong({ path: 1 })).toThrow(/^listing\[1\]\.path: /);
    for (const entry of [null, undefined, 1, "1.0.0/a", [], ["1.0.0/a", 1], [["path", "1.0.0/"]]]) {
      expect(code(wrong(entry))).toBe("field_type");
    }
    expect(code(wrong({ path: "1.0.0/\ud800", size: 1, sha1: "" }))).toBe("field_type");
  });

  test("refuses fields that it does not know, in its options too", () => {
    const notice = { path: "1.0.1", code: "unsigned", message: "nobody signed it" } as const;
    const from = (more: object) => () => Catalog.fromListing(listing, { unsigned: [{ ...notice, ...more }] });
    expect(from({})().ignored).toContainEqual(notice);
    expect(from({ reason: "" })).toThrow(/^options\.unsigned\[0\]\.reason: unknown field/);
  });

  test("takes a listing of any length, also none", () => {
    expect(Catalog.fromListing([]).releases).toEqual([]);
  });

  test("is freed by a using declaration", () => {
    const freed = Catalog.fromListing(listing);
    freed[Symbol.dispose]();
    expect(code(() => freed.releases)).toBe("object_unusable");
    expect(code(() => freed.free())).toBe("object_unusable");
    expect(code(() => verifyDevice(freed, "1.0.1", []))).toBe("field_type");
  });
});

describe("plan", () => {
  const plan = catalog.plan({ current: "1.0.0" });
  const expected = {
    version: "1.0.1",
    previous_version: "1.0.0",
    full: false,
    delete: ["flash/gone.py"],
    new: [file("flash/lib/ünï 𝄞.py", "added")],
    update: [file("flash/main.py", "newer")],
    keep: [],
    firmware: { ...file("firmware_1.0.1.bin", "image"), version: "1.0.1" },
  };

  test("is a plain object", () => {
    expect(plan).toEqual(expected);
    expect(Object.keys(plan!)).toEqual(Object.keys(expected));
    expect(JSON.parse(JSON.stringify(catalog.plan({ current: "1.0.0" })))).toEqual(expected);
    expect(structuredClone(catalog.plan({ current: "1.0.0" }))).toEqual(expected);
    expect({ ...catalog.plan({ current: "1.0.0" }) }).toEqual(expected);
  });

  test("keeps its lists once they are read, and what is put in their place", () => {
    expect(plan!.new).toBe(plan!.new);
    const changed = catalog.plan()!;
    changed.new = [];
    expect(changed.new).toEqual([]);
    expect(changed.update).toEqual([]);
  });

  test("does not change with what is asked later", () => {
    const before = catalog.plan({ current: "1.0.0" })!;
    for (let index = 0; index < 100; index += 1) catalog.plan();
    expect(before).toEqual(expected);
  });

  test("is null when there is nothing to do", () => {
    expect(catalog.plan({ current: "1.0.1" })).toBeNull();
    expect(catalog.downloadSize({ current: "1.0.1" })).toBe(0);
    expect(catalog.manifest({ current: "1.0.1" }, options)).toBeNull();
    expect(catalog.manifestJson({ current: "1.0.1" }, options)).toBe("null");
  });

  test("adds up the download", () => {
    expect(catalog.downloadSize({ current: "1.0.0" })).toBe(15);
    expect(catalog.patchedSize({ current: "1.0.0" })).toBe(15);
  });

  test("takes undefined and null for what is absent", () => {
    const request = { current: null, firmwareVersion: undefined, target: null, allowDowngrade: undefined };
    expect(catalog.plan(request)).toEqual(catalog.plan());
    expect(catalog.plan(null)).toEqual(catalog.plan({}));
  });

  test("refuses what it does not know", () => {
    expect(code(() => catalog.plan({ target: "2.0" }))).toBe("release_unknown");
    expect(code(() => catalog.plan({ current: "" }))).toBe("version_empty");
    expect(code(() => catalog.plan({ currrent: "1.0.0" } as object))).toBe("field_type");
    expect(code(() => catalog.plan(["1.0.0"] as object))).toBe("field_type");
    expect(code(() => catalog.plan({ current: 1 } as object))).toBe("field_type");
  });
});

describe("check", () => {
  const firmware = "firmware_1.0.1.bin";
  const known = peek(firmware, bytes("<html>"));

  test("finds what a peek that was kept as JSON says", () => {
    const kept = JSON.parse(JSON.stringify([known])) as Peek[];
    const codes = (peeks: readonly Peek[]) => catalog.check(peeks).map(({ code }) => code);
    expect(codes(kept)).toContain("firmware_page");
    expect(codes([])).not.toContain("firmware_page");
    expect(catalog.check(kept, { settings: { accept: [{ code: "firmware_page", path: firmware, reason: "a test" }] } })).toEqual(
      catalog.check([]),
    );
  });

  test.each<[unknown, string]>([
    [{ flash_size: -1 }, "flash_size: expected a whole number below 2^64, found `-1.0`"],
    [{ flash_size: NaN }, `flash_size: expected a whole number below 2^64, found string "NaN"`],
    [{ flash_size: 7n }, "expected objects and lists of strings and numbers"],
    [{ mounts: "flash" }, `mounts: expected a list, found "flash"`],
    [{ mount: ["flash"] }, "mount: unknown field `mount`, expected one of `mounts`, `flash_size`, `firmware`, `accept`"],
    [{ accept: [{ code: "secret_key", path: "*", reason: "a test", paths: "*" }] }, "accept[0].paths: unknown field"],
    [{ accept: [["secret_key"]] }, `accept[0]: expected an object, found ["secret_key"]`],
    [["flash"], `expected an object, found ["flash"]`],
  ])("says what is wrong with the settings %o, and where", (settings, message) => {
    expect(code(() => checkSettings(settings as object))).toBe("field_type");
    expect(() => checkSettings(settings as object)).toThrow(message);
  });

  test.each<[object, string]>([
    [{ size: undefined }, "field_missing"],
    [{ head: "zz" }, "field_type"],
    [{ heads: "" }, "field_type"],
    [{ text: { ...known.text, sha1: "x" } }, "digest_invalid"],
    [{ text: { ...known.text, crlf: 0.5 } }, "field_type"],
  ])("refuses a peek with %o", (other, expected) => {
    expect(code(() => catalog.check([{ ...known, ...other }]))).toBe(expected);
  });
});

describe("Manifest", () => {
  const text = catalog.manifestJson({ current: "1.0.0" }, { ...options, dstPaths: "absolute", format: 2 });

  test("is the same text from everywhere", () => {
    expect(catalog.manifest({ current: "1.0.0" }, { ...options, dstPaths: "absolute", format: 2 })!.toJson()).toBe(text);
    expect(Manifest.parse(text).toJson()).toBe(text);
    expect(Manifest.parse(bytes(text)).toJson()).toBe(text);
    expect(Manifest.parse(text).toObject()).toEqual(JSON.parse(text));
    expect(text).toContain(`"dst_path": "/flash/main.py"`);
    expect(text).toContain(`"total_size": 15`);
  });

  test("says what is wrong and where", () => {
    expect(code(() => Manifest.parse("{"))).toBe("json_invalid");
    expect(code(() => Manifest.parse(text.replace(`"version"`, `"x"`)))).toBe("field_missing");
    expect(() => Manifest.parse(text.replace(/"hash": "./, `"hash": "X`))).toThrow(/hash/);
    expect(code(() => Manifest.parse("\ud800"))).toBe("field_type");
    expect(code(() => Manifest.parse(new Uint8Array([0xff])))).toBe("json_invalid");
  });

  test("needs its options", () => {
    expect(code(() => catalog.manifestJson({}, { baseUrl: "nowhere" }))).toBe("base_url_invalid");
    expect(code(() => catalog.manifestJson({}, { ...options, format: 4 as 2 }))).toBe("format_invalid");
    expect(code(() => catalog.manifestJson({}, {} as typeof options))).toBe("field_missing");
    expect(code(() => catalog.manifestJson({}, undefined as unknown as typeof options))).toBe("field_missing");
  });
});

describe("verify", () => {
  test("holds a manifest against content", () => {
    const manifest = catalog.manifest({ current: "1.0.0" }, options)!;
    expect(verifyContent(manifest, listing)).toEqual({ checked: 3, problems: [] });
    const { sha1: hash } = file("", "newer");
    expect(verifyContent(manifest, [...listing.slice(3), file("1.0.1/flash/main.py", "other")])).toEqual({
      checked: 3,
      problems: [
        {
          path: "1.0.1/flash/main.py",
          kind: "different",
          expected: { size: null, sha1: hash },
          found: { size: 5, sha1: sha1(bytes("other")) },
        },
      ],
    });
  });

  test("holds a device against a release", () => {
    expect(verifyDevice(catalog, "1.0.1", catalog.files("1.0.1"))).toEqual({ checked: 2, problems: [] });
    expect(verifyDevice(catalog, "1.0.1", []).problems.map(({ kind }) => kind)).toEqual(["missing", "missing"]);
    expect(code(() => verifyDevice(catalog, "9", []))).toBe("release_unknown");
    expect(code(() => verifyDevice({} as typeof catalog, "1.0.1", []))).toBe("field_type");
  });
});

describe("Version", () => {
  test("sorts", () => {
    const sorted = ["1.0.10", "1.0.1b", "1.0.2", "1.0.1"].map((text) => new Version(text)).sort((a, b) => a.compare(b));
    expect(sorted.map(String)).toEqual(["1.0.1", "1.0.1b", "1.0.2", "1.0.10"]);
  });

  test("is equal by its scheme", () => {
    expect(new Version("1.0").equals(new Version("1.00"))).toBe(true);
    expect(new Version("1.0.0", "semver").equals(new Version("1.0.0"))).toBe(false);
    expect(new Version("1.0.0", "semver").scheme).toBe("semver");
    expect(JSON.stringify(new Version("1.0"))).toBe(`"1.0"`);
  });

  test("names what is wrong", () => {
    expect(code(() => new Version("main"))).toBe("version_start");
    expect(code(() => new Version("1.0", "semver"))).toBe("version_semver");
    expect(code(() => new Version("1.0", "other" as "semver"))).toBe("field_type");
    expect(code(() => new Version("1.0").compare("1.0" as never))).toBe("field_type");
    expect(code(() => new Version("1.0.0").compare(new Version("1.0.0", "semver")))).toBe("field_type");
  });
});

describe("DevicePath and Filter", () => {
  test("check and never mend", () => {
    expect(String(new DevicePath("flash/main.py"))).toBe("flash/main.py");
    expect(code(() => new DevicePath("flash/../main.py"))).toBe("path_segment");
    expect(code(() => new DevicePath("flash/\ud800"))).toBe("path_utf8");
  });

  test("a filter tells what a listing reads", () => {
    const filter = new Filter({ ignore: ["*.pyc"] });
    const paths = ["1.0.0/flash/main.py", "firmware_1.0.1.bin", "1.0.0/flash/main.pyc", "docs/index.html"];
    expect(paths.map((path) => filter.reads(path))).toEqual([true, true, false, false]);
    expect(code(() => new Filter({ ignore: ["["] }))).toBe("glob_invalid");
  });

  test("documents are known by their paths", () => {
    const documents = ["1.0.1.waybill", "1.0.1.waybill.sig", "1.0.1.waybill.2.sig", "keys/", "keys/1.waybill", "keys/2.waybill.draft"];
    const others = ["1.0.1/flash/a.waybill", "keys", "keys/notes.txt", "keys/a/1.waybill", "1.0.1.waybill.txt", "1.0.1.sig", "1.0.1.waybill.draft"];
    expect([...documents, ...others].filter(isDocument)).toEqual(documents);
    expect(code(() => isDocument(1 as never))).toBe("field_type");
  });

  test("what is a patch, by its path", () => {
    const [old, made] = [sha1(bytes("old")), sha1(bytes("new"))];
    const patches = [`delta/${made}`, `delta/${old}-${made}`];
    const others = ["delta", "delta/", "delta/notes.txt", `delta/${made}.1.new`, `1.0.0/delta/${made}`, `deltas/${made}`, made];
    expect([...patches, ...others].filter(isPatch)).toEqual(patches);
    expect(code(() => isPatch(1 as never))).toBe("field_type");
  });

  test("a filter tells which files have to have a time", () => {
    const filter = new Filter();
    expect([0, 1_700_000_000].map((mtime) => filter.needsMtime("1.0.0/main.py", mtime))).toEqual([true, false]);
    expect(filter.needsMtime("1.0.0/main.py.part", 1_700_000_000)).toBe(true);
    for (const mtime of [0.5, NaN, "0", undefined]) expect(code(() => filter.needsMtime("1.0.0/main.py", mtime as never))).toBe("field_type");
  });
});

describe("Hasher", () => {
  const expected = (content: Uint8Array, algorithm = "sha1") => createHash(algorithm).update(content).digest("hex");

  test.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 8192, 32767, 32768, 32769, 65536, 1_000_003])("%i bytes", (length) => {
    const content = Uint8Array.from({ length }, (_, index) => index * 7 + (index >> 8));
    expect(sha1(content)).toBe(expected(content));
    for (const algorithm of [undefined, null, "sha1", "sha256"] as const) {
      const hasher = new Hasher(algorithm);
      for (let start = 0; start < length; start += 40_000) hasher.update(content.subarray(start, start + 40_000));
      expect(hasher.finish()).toBe(expected(content, algorithm ?? "sha1"));
      hasher.update(bytes("more"));
      expect(hasher.finish()).toBe(expected(Buffer.concat([content, bytes("more")]), algorithm ?? "sha1"));
    }
  });

  test.each(["md5", "SHA256", "", 256, {}])("does not know the algorithm %j", (algorithm) => {
    expect(code(() => new Hasher(algorithm as "sha256"))).toBe("field_type");
  });

  test("takes views, also shared ones and those of another realm", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 3);
    expect(sha1(shared)).toBe(expected(new Uint8Array(3)));
    expect(sha1(Buffer.from("abc"))).toBe(expected(bytes("abc")));
    expect(sha1(runInNewContext("new Uint8Array([97, 98, 99])"))).toBe(expected(bytes("abc")));
  });

  test("asks no class what its bytes are", () => {
    class Lying extends Uint8Array {
      override get length() {
        sha1(new Uint8Array(1));
        return 1e9;
      }
      override subarray() {
        return new Uint8Array(9);
      }
    }
    expect(sha1(Lying.from([97, 98, 99]))).toBe(expected(bytes("abc")));
  });

  test("takes nothing else", () => {
    const detached = new Uint8Array(4);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    for (const value of ["abc", [1, 2], { length: 9e9 }, new Uint16Array(2), new ArrayBuffer(2), null, 3n]) {
      expect(code(() => sha1(value as Uint8Array))).toBe("field_type");
      expect(code(() => new Hasher().update(value as Uint8Array))).toBe("field_type");
    }
    expect(code(() => sha1(detached))).toBe("field_type");
  });
});
