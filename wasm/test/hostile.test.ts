// Generated hostile calls: each is answered by a value or by an Error with a code, and the engine lives on.

import { expect, test } from "vitest";

import {
  Catalog,
  DevicePath,
  Filter,
  Hasher,
  Manifest,
  Version,
  changedKeys,
  checkSettings,
  firstKeys,
  isDocument,
  isPatch,
  newestKeys,
  nextKeys,
  parseKeys,
  parseSignature,
  parseWaybill,
  peek,
  sha1,
  verifyContent,
  verifyDevice,
  verifyEd25519,
  verifySigned,
} from "./airwaybill.js";
import { areas, cases, run } from "./vectors.js";

const CALLS = 10_000;

/** mulberry32 */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const next = random(20260101);
const below = (limit: number) => Math.floor(next() * limit);
const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
const many = <T>(limit: number, make: () => T): T[] => Array.from({ length: below(limit) }, make);

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;
const deep = () => JSON.parse("[".repeat(5_000) + "]".repeat(5_000)) as unknown;
const throwing = Object.defineProperty({}, "path", {
  enumerable: true,
  get: () => {
    throw new Error("a trap of the test");
  },
});
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const detached = new Uint8Array(8);
structuredClone(detached.buffer, { transfer: [detached.buffer] });

const pieces = [
  "1.0.0", "1.0.1", "v2", "flash", "main.py", "/", "/", "..", ".", "\\", "\0", "\n", "\ud800", "\udc00", "𝄞", "é", "e\u0301",
  "firmware_", ".bin", ".hex", "*", "**", "?", "[", "]", "{", "}", "{a,b}", "!", "http://", "#", "%2e", "\u202e", "\ufeff",
  "-1", "9007199254740992", "0".repeat(300), "a".repeat(5_000), "{".repeat(200), "{a,".repeat(50), "[!", "+", "-", "~",
];
const text = () => many(8, () => pick(pieces)).join("");

const wild = (): unknown =>
  pick<() => unknown>([
    () => undefined, () => null, () => true, () => 0, () => -1, () => -0, () => NaN, () => Infinity, () => 2 ** 53, () => 1.5,
    () => 1e308, () => 7n, () => Symbol("s"), () => () => 1, () => class {}, () => text(), text, text, () => [], () => ({}),
    () => new Map(), () => new Date(NaN), () => new Proxy({}, {}), () => revoked, () => cyclic, deep, () => throwing,
    () => ({ toJSON: () => undefined }), () => ({ toJSON: () => { throw new Error("a trap of the test"); } }),
    () => Object.create(null), () => new Uint8Array(below(300)), () => detached, () => new Float64Array(3),
    () => new ArrayBuffer(8), () => new SharedArrayBuffer(8), () => Object.create(Uint8Array.prototype), () => new String("1.0"),
    () => ({ share: () => 1 }), () => ({ share: null }), () => ({ __wbg_ptr: 1 }), () => Promise.resolve(1), () => globalThis,
    () => many(4, wild), () => ({ path: text(), size: pick([1, -1, 2 ** 53, 1e300, NaN, "1", null]), sha1: text() }),
  ])();

const hash = () => pick(["da39a3ee5e6b4b0d3255bfef95601890afd80709", "DA39", "", "g".repeat(40), "a".repeat(39)]);
const path = () => pick([() => `1.0.${below(3)}/${text()}`, () => `1.0.${below(3)}/flash/${below(9)}.py`, text])();
const entry = (): unknown =>
  pick<() => unknown>([
    () => ({ path: path(), size: below(1000), sha1: hash() }),
    () => ({ path: path(), size: below(1000), sha1: "da39a3ee5e6b4b0d3255bfef95601890afd80709" }),
    () => ({ path: path(), link: pick([null, path(), undefined, 1]) }),
    () => ({ path: path(), unread: text() }),
    () => ({ path: path(), [text()]: wild() }),
    wild,
  ])();
const listing = () => (next() < 0.1 ? wild() : many(20, entry));
const globs = () => (next() < 0.2 ? wild() : many(5, text));
const options = () =>
  next() < 0.2
    ? wild()
    : { scheme: pick(["loose", "semver", undefined, wild()]), ignore: globs(), protect: globs(), unsettled: globs() };
const version = () => pick<() => unknown>([() => `1.0.${below(4)}`, text, wild, () => undefined])();
const request = () =>
  next() < 0.2
    ? wild()
    : { current: version(), firmwareVersion: version(), target: version(), allowDowngrade: pick([true, false, wild()]) };
const checked = () => {
  const accepted = () => ({ code: pick(["secret_key", wild()]), path: pick([text(), wild()]), reason: pick(["meant", wild()]) });
  const [current, mounts, accept] = [many(3, version), many(3, text), many(3, accepted)];
  const settings = next() < 0.2 ? wild() : { mounts, flash_size: pick([1, undefined, wild()]), accept };
  return next() < 0.2 ? wild() : { current, settings };
};
const peeked = () => ({ ...peek(pick(["1.0.1/flash/1.py", "firmware_1.0.1.bin"]), new Uint8Array([pick([0, 10, 0xe9])])), [pick(["head", "size", "text", "image", "x"])]: wild() });
const peeks = () => (next() < 0.2 ? wild() : many(3, peeked));
const rendering = () =>
  next() < 0.2
    ? wild()
    : {
        baseUrl: pick<() => unknown>([() => "http://a", () => `http://${text()}`, wild])(),
        dstPaths: pick(["relative", "absolute", undefined, wild()]),
        format: pick([1, 2, undefined, 3, 256, -1, wild()]),
      };

const good = Catalog.fromListing([
  { path: "1.0.0/flash/0.py", size: 1, sha1: "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
  { path: "1.0.1/flash/1.py", size: 1, sha1: "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
  { path: "firmware_1.0.1.bin", size: 1, sha1: "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
]);
const goodText = good.manifestJson({ current: "1.0.0" }, { baseUrl: "http://a", format: 2 });

/** A good document with pieces cut out, put in or put elsewhere. */
const document = (): unknown => {
  if (next() < 0.1) return wild();
  let damaged = goodText;
  for (let times = 1 + below(3); times > 0; times -= 1) {
    const at = below(damaged.length);
    const end = at + below(20);
    damaged = damaged.slice(0, at) + pick(["", text(), damaged.slice(end - 30, end), `,"new":[${"[".repeat(below(400))}`]) + damaged.slice(end);
  }
  return next() < 0.5 ? damaged : Buffer.from(damaged, pick(["utf8", "latin1", "utf16le"] as const));
};

const any = (value: unknown) => value as never;
const catalog = () => (next() < 0.5 ? good : Catalog.fromListing(any(listing()), any(options())));
const manifest = () => (next() < 0.7 ? Manifest.parse(goodText) : Manifest.parse(any(document())));

const calls: Record<string, () => unknown> = {
  "Catalog.fromListing": () => {
    const made = Catalog.fromListing(any(listing()), any(options()));
    return [made.releases, made.firmware, made.ignored, made.warnings];
  },
  "catalog.files": () => catalog().files(any(version())),
  "catalog.find": () => catalog().find(any(pick([path, wild])())),
  "catalog.peeks": () => catalog().peeks(any(checked())),
  "catalog.check": () => catalog().check(any(peeks()), any(checked())),
  checkSettings: () => checkSettings(any(pick([checked, wild])())),
  "catalog.plan": () => JSON.stringify(catalog().plan(any(request()))),
  "catalog.downloadSize": () => catalog().downloadSize(any(request())),
  "catalog.patchedSize": () => catalog().patchedSize(any(request())),
  "catalog.manifest": () => catalog().manifest(any(request()), any(rendering()))?.toObject(),
  "catalog.manifestJson": () => catalog().manifestJson(any(request()), any(rendering())),
  "Manifest.parse": () => Manifest.parse(any(document())).toJson(),
  verifyContent: () => verifyContent(any(pick([manifest, wild])()), any(listing())),
  "catalog.waybill": () => catalog().waybill(any(request()), any(listing()), any(wild())),
  "catalog.signed": () => catalog().signed(any(pick([text, wild])()), any(listing()), any(wild())),
  verifyDevice: () => verifyDevice(any(pick([catalog, wild])()), any(version()), any(listing())),
  Version: () => new Version(any(version()), any(pick(["loose", "semver", undefined, wild()]))).toString(),
  "version.compare": () => new Version("1.0").compare(any(pick([wild, () => new Version(any(version()))])())),
  "version.equals": () => new Version("1.0").equals(any(pick([wild, () => new Version(any(version()))])())),
  DevicePath: () => new DevicePath(any(pick([text, wild])())).toString(),
  Filter: () => new Filter(any(options())).reads(any(pick([path, wild])())),
  Hasher: () => {
    const hasher = new Hasher(any(next() < 0.1 ? wild() : pick([null, "sha256"])));
    many(3, () => hasher.update(any(wild())));
    return hasher.finish();
  },
  sha1: () => sha1(any(wild())),
  parseWaybill: () => parseWaybill(any(pick([text, wild])())),
  parseKeys: () => parseKeys(any(pick([text, wild])())),
  parseSignature: () => parseSignature(any(pick([text, wild])())),
  changedKeys: () => changedKeys(any(wild()), any(request())),
  firstKeys: () => firstKeys(any(wild()), any(request())),
  isDocument: () => isDocument(any(pick([text, wild])())),
  isPatch: () => isPatch(any(pick([text, wild])())),
  newestKeys: () => newestKeys(any(wild()), any(wild())),
  nextKeys: () => nextKeys(any(pick([text, wild])()), any(wild()), any(wild())),
  verifySigned: () => verifySigned(any(text()), any(wild()), any(pick([text, wild])()), any(wild()), any(wild())),
  verifyEd25519: () => verifyEd25519(any(pick([text, wild])()), any(wild()), any(wild())),
};

test(`${CALLS} hostile calls`, () => {
  const answers = { values: 0, errors: 0 };
  const codes = new Set<string>();
  const names = Object.keys(calls);
  for (let index = 0; index < CALLS; index += 1) {
    const name = names[index % names.length]!;
    try {
      calls[name]!();
      answers.values += 1;
    } catch (error) {
      const code = (error as { code?: unknown } | undefined)?.code;
      if (!(error instanceof Error) || error instanceof WebAssembly.RuntimeError || typeof code !== "string") {
        throw new Error(`call ${index}, ${name}: ${String(error)}`, { cause: error });
      }
      codes.add(code);
      answers.errors += 1;
    }
  }
  expect(answers.values).toBeGreaterThan(CALLS / 20);
  expect(answers.errors).toBeGreaterThan(CALLS / 20);
  expect(codes.size).toBeGreaterThan(15);
});

test("and the engine still gives what the vectors say", () => {
  for (const area of areas) {
    for (const { input, ok, code } of cases(area)) if (code === undefined) expect(run[area]!(input)).toEqual(ok);
  }
});
