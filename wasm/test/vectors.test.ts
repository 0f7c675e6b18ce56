import { describe, expect, test } from "vitest";

import { code } from "./airwaybill.js";
import { areas, cases, run } from "./vectors.js";

describe.each(areas)("%s", (area) => {
  test.each(cases(area))("$name", ({ input, ok, code: expected }) => {
    if (expected === undefined) expect(run[area]!(input)).toEqual(ok);
    else expect(code(() => run[area]!(input))).toBe(expected);
  });
});
