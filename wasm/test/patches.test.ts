// Patches: a module of their own, loaded by who wants them.

import { beforeAll, expect, test } from "vitest";

import { code, patches, patchesModule } from "./airwaybill.js";

const { applyPatch, init, makePatch } = patches;
const bytes = (text: string) => new TextEncoder().encode(text);
const old = bytes("led.on()\n".repeat(99));

beforeAll(async () => {
  expect(code(() => makePatch(old, old))).toBe("init_missing");
  await expect(init(new Uint8Array(8))).rejects.toMatchObject({ code: "module_unavailable" });
  await Promise.all([init(patchesModule), init(patchesModule)]);
});

test("a patch gives the new file", () => {
  const content = bytes(`${"led.on()\n".repeat(99)}led.off()\n`);
  const patch = makePatch(old, content);
  expect(patch.length).toBeLessThan(50);
  expect(applyPatch(old, patch)).toEqual(content);
  expect(applyPatch(new Uint8Array(), makePatch(new Uint8Array(), content))).toEqual(content);
});

test("a part of a buffer is read as that part", () => {
  expect(makePatch(old.subarray(9, 18), Buffer.from(old).subarray(3))).toEqual(makePatch(old.slice(9, 18), old.slice(3)));
});

test.each([null, undefined, "text", [1, 2], { length: 9e9 }, new Uint16Array(2), new ArrayBuffer(2)])("%o is no file", (value) => {
  for (const call of [makePatch, applyPatch]) {
    expect(code(() => call(value as Uint8Array, old))).toBe("field_type");
    expect(code(() => call(old, value as Uint8Array))).toBe("field_type");
  }
});

test("what is not a patch has the engine's code, and its message", () => {
  expect(code(() => applyPatch(old, bytes("no patch")))).toBe("patch_stream");
  expect(() => applyPatch(old, makePatch(old, old).slice(0, -1))).toThrow("the patch ends too early");
  expect(code(() => makePatch(old, new Uint8Array((1 << 24) + 1)))).toBe("size_too_big");
});
