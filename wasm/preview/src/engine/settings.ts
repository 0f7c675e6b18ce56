// `check.toml`, which stands beside the releases.

import { checkSettings } from "airwaybill";
import { parse } from "smol-toml";

import { correctSettings } from "../texts/errors.js";
import { SETTINGS_INVALID, type CheckSettings, type FoundFinding } from "./protocol.js";

export const SETTINGS = "check.toml";

/** What the file says, or nothing and what is wrong with it. */
export interface Settings {
  values: CheckSettings;
  problem: FoundFinding | null;
}

export function settingsOf(text: string): Settings {
  try {
    const values = parse(text);
    checkSettings(values);
    return { values: values as CheckSettings, problem: null };
  } catch (error) {
    const message = (error as Error).message.trim();
    const advice = correctSettings;
    return { values: {}, problem: { level: "error", path: SETTINGS, code: SETTINGS_INVALID, message, advice } };
  }
}
