// The report of a plan, by a module of its own.

import { plain } from "./crossing.js";
import type { FileRecord, Finding, Plan, SigningStatus } from "./engine.js";
import { failure } from "./failure.js";
import type { ModuleSource } from "./module-source.js";
import * as reporting from "./reporting.js";
import { SideModule } from "./side-module.js";

export type { Code } from "./failure.js";
export type { ModuleSource } from "./module-source.js";

/** What a report is written in: Markdown with GitHub's tables, CSV for spreadsheets, or one HTML page without script. */
export type ReportFormat = "markdown" | "csv" | "html";

/** A finding of `Catalog.check`, or of whoever reads what stands around the releases. */
export type ReportFinding = Omit<Finding, "code"> & { code: string };

/** What a report is written in, and what it says beside the plan. What is missing is not said. */
export interface ReportOptions {
  /** Markdown if there is none. */
  format?: ReportFormat | null | undefined;
  /** The device's version, which a plan has and nothing to do has not. */
  current?: string | null | undefined;
  /** The device's firmware, if the request had one. */
  firmwareVersion?: string | null | undefined;
  /** Files that the device has, with device paths: what is known of those that go. */
  before?: readonly FileRecord[] | null | undefined;
  /** SHA-256 of the plan's image. */
  sha256?: string | null | undefined;
  /** What a check found, errors first; an empty list says that it found nothing. */
  findings?: readonly ReportFinding[] | null | undefined;
  /** How many files the check should have looked into and did not. */
  unread?: number | null | undefined;
  /** What `Catalog.signed` gives, of which the plan's own release and image are said. */
  signed?: readonly SigningStatus[] | null | undefined;
  /** Where devices fetch it from, `http://192.168.1.144:8000`. */
  baseUrl?: string | null | undefined;
  /** Which state of the releases it is of, a number that rises. */
  generation?: number | null | undefined;
  /** When it is made, `2026-11-27T00:00:00Z`. */
  time?: string | null | undefined;
}

const module = new SideModule(reporting, "reporting", "airwaybill/report");

/**
 * Starts the module `airwaybill/report.wasm`, by default from beside this file; Node passes its bytes. Once it has started, further calls do nothing.
 *
 * @throws `module_unavailable`
 */
export function init(source: ModuleSource | PromiseLike<ModuleSource> = new URL("./reporting_bg.wasm", import.meta.url)): Promise<void> {
  return module.init(source);
}

/**
 * A plan as one document to hand over, or `null` for nothing to do: a headline, counts, every file, the firmware, and what is known besides.
 *
 * @throws `field_type`, `field_missing`, `digest_invalid`, `base_url_invalid`, `document_value` if `time` is none, `key_…`, `init_missing`
 */
export function report(plan: Plan | null, options: ReportOptions = {}): string {
  const document = written(plan, options);
  return module.call(() => reporting.report(document));
}

function written(plan: Plan | null, options: ReportOptions): string {
  try {
    return JSON.stringify({ ...(plain(options) as object), plan: plan === null ? null : plain(plan) });
  } catch {
    throw failure("field_type", "expected a plan, and options of strings, numbers and lists");
  }
}
