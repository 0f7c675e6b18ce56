// Signed releases: what the shared vectors do not see of the package.

import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { code, nextKeys, parseKeys, parseWaybill, verifyEd25519, verifySigned } from "./airwaybill.js";

interface Case {
  document: string;
  signatures: { name: string; content: string }[];
  keys: string;
  name: string;
}

function vector(file: string, name: string): Case {
  const text = readFileSync(new URL(`../../tests/vectors/waybill/${file}.json`, import.meta.url), "utf8");
  const { input } = (JSON.parse(text) as { name: string; input: Record<string, Case> }[]).find((each) => each.name === name)!;
  return Object.values(input)[0]!;
}

const { document, signatures, keys, name } = vector("verify", "signed");
const files = Object.fromEntries(signatures.map(({ name, content }) => [name, content]));
const codes = (...more: [now?: string | null]) => verifySigned(document, files, keys, name, ...more).reasons.map(({ code }) => code);

describe("verifySigned", () => {
  test("names who signed", () => {
    const { reasons, signers, skipped } = verifySigned(document, files, keys, name);
    expect([reasons, signers.length, skipped]).toEqual([[], 1, []]);
    expect(signers[0]).toMatch(/^ssh-ed25519 \S+ office$/);
  });

  test("takes the time from the caller", () => {
    expect(codes("2027-11-26T23:59:59Z")).toEqual([]);
    expect(codes("2027-11-27T00:00:00Z")).toEqual(["expired"]);
    expect(codes(null)).toEqual([]);
    expect(code(() => codes("tomorrow"))).toBe("document_value");
  });

  test.each<[string, () => unknown]>([
    ["document", () => verifySigned(1 as never, files, keys, name)],
    ["signatures", () => verifySigned(document, { a: 1 } as never, keys, name)],
    ["signatures", () => verifySigned(document, ["a"] as never, keys, name)],
    ["keys", () => verifySigned(document, files, null as never, name)],
    ["name", () => verifySigned(document, files, keys, undefined as never)],
    ["now", () => verifySigned(document, files, keys, name, new Date() as never)],
    ["key", () => verifyEd25519(1 as never, "", new Uint8Array(64))],
    ["signature", () => verifyEd25519(/^root (.*)$/m.exec(keys)![1]!, "", 1 as never)],
  ])("says that the %s has the wrong type", (place, call) => {
    expect(code(call)).toBe("field_type");
    expect(call).toThrow(new RegExp(`^${place}`));
  });
});

test("documents are text or bytes", () => {
  const encoder = new TextEncoder();
  expect(parseWaybill(encoder.encode(document))).toEqual(parseWaybill(document));
  expect(parseKeys(encoder.encode(keys))).toEqual(parseKeys(keys));
});

test("nextKeys wants the root's signature", () => {
  const { keys, document, signatures } = vector("next", "next");
  const files = Object.fromEntries(signatures.map(({ name, content }) => [name, content]));
  expect(nextKeys(keys, document, files).number).toBe(2);
  expect(code(() => nextKeys(keys, document, {}))).toBe("keys_unsigned");
});
