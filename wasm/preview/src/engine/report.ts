// The report of a plan, with all that is known of the releases.

import type { Catalog, Plan } from "airwaybill";
import { init, report, type ReportOptions } from "airwaybill/report";

import { sha256Of } from "./contents.js";
import { contentsOf, signedOf, type OpenSource } from "./opened.js";
import { now } from "./signed.js";

/** What the options of a report say besides what is open. */
export type ReportAbout = Omit<ReportOptions, "sha256" | "signed" | "generation" | "time">;

let module: string;

/** Loads what makes reports, from where it was said to be the first time. */
export function loadReports(url = module): Promise<void> {
  module = url;
  return init(url);
}

export async function reportOf(plan: Plan | null, opened: OpenSource, catalog: Catalog, about: ReportAbout): Promise<string> {
  const image = plan?.firmware ?? null;
  const sha256 = image === null ? null : await sha256Of(contentsOf(opened)(image.path), image.path, image);
  const signed = signedOf(opened, catalog);
  // Those of keys that do not hold are no answer; the check says what is wrong with them.
  const list = signed === null || signed.problem !== null ? null : [...signed.list];
  const generation = opened.given === null ? opened.server!.document.generation : null;
  await loadReports();
  return report(plan, { ...about, sha256, signed: list, generation, time: now() });
}
