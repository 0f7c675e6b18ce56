// `check.toml`, which stands beside the releases.

import { Catalog, type CheckRequest } from "airwaybill";
import { parse } from "smol-toml";

import { SourceError } from "./failure.js";
import type { CheckSettings, FoundFinding } from "./protocol.js";

export const SETTINGS = "check.toml";
export const SETTINGS_INVALID = "settings_invalid";

const KEYS = ["mounts", "flash_size", "firmware", "accept"];

/** What the file says, or nothing and what is wrong with it. */
export interface Settings {
  values: CheckSettings;
  problem: FoundFinding | null;
}

export function settingsOf(text: string): Settings {
  try {
    const values = parse(text);
    const unknown = Object.keys(values).find((key) => !KEYS.includes(key));
    if (unknown !== undefined) throw new SourceError(SETTINGS_INVALID, `${unknown}: a setting is one of ${KEYS.join(", ")}`);
    engineTakes(values as CheckRequest);
    return { values: values as CheckSettings, problem: null };
  } catch (error) {
    const message = `${SETTINGS}: ${(error as Error).message.trim()}`;
    const advice = "correct it: until then it is ignored";
    return { values: {}, problem: { level: "error", path: SETTINGS, code: SETTINGS_INVALID, message, advice } };
  }
}

function engineTakes(request: CheckRequest): void {
  const nothing = Catalog.fromListing([]);
  try {
    nothing.check([], request);
  } finally {
    nothing.free();
  }
}
