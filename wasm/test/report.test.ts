// The report: a module of its own, loaded by who wants it.

import { beforeAll, expect, test } from "vitest";

import { Catalog, code, reportModule, reports } from "./airwaybill.js";

const { init, report } = reports;
const catalog = Catalog.fromListing([{ path: "1.0.0/main.py", size: 1, sha1: "0".repeat(40) }]);
const plan = catalog.plan();

beforeAll(async () => {
  expect(code(() => report(plan))).toBe("init_missing");
  await expect(init(new Uint8Array(8))).rejects.toMatchObject({ code: "module_unavailable" });
  await Promise.all([init(reportModule), init(reportModule)]);
});

test("it takes what the catalog gives", () => {
  const findings = catalog.check([]);
  const text = report(plan, { findings, format: "markdown", baseUrl: null, time: undefined });
  expect(text).toMatch(/^# A device without a version downloads 1 B to get to 1\.0\.0\n/);
  expect(text).toContain("| `path_mount` |");
});

test("what is no plan, and no option, is an error with the engine's code", () => {
  const asAny = report as (...given: unknown[]) => string;
  expect(code(() => asAny(undefined))).toBe("field_missing");
  expect(code(() => asAny("1.0.0"))).toBe("field_type");
  expect(code(() => asAny(plan, { formt: "csv" }))).toBe("field_type");
  expect(code(() => asAny(plan, { time: "\ud800" }))).toBe("field_type");
  expect(() => asAny(plan, { format: "pdf" })).toThrow("format: unknown variant `pdf`, expected one of `markdown`, `csv`, `html`");
});
