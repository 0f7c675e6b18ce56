// The package as Node takes it, from the project it is installed in.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { project } from "./places.js";

type Package = typeof import("../dist/node.js");

const { resolve } = createRequire(`${project}index.js`);
const load = (name: string) => import(/* @vite-ignore */ pathToFileURL(resolve(name)).href);
const airwaybill = (await load("airwaybill")) as Package;
export const patches = (await load("airwaybill/patches")) as typeof import("../dist/patches.js");
export const patchesModule = readFileSync(resolve("airwaybill/patches.wasm"));
export const reports = (await load("airwaybill/report")) as typeof import("../dist/report.js");
export const reportModule = readFileSync(resolve("airwaybill/report.wasm"));

export const {
  Catalog,
  DevicePath,
  Filter,
  Hasher,
  Manifest,
  Version,
  checkSettings,
  hashFiles,
  changedKeys,
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
} = airwaybill;

export type { Code, Entry, Manifest as ManifestHandle, Peek, Plan, PlanRequest, Report } from "../dist/node.js";

/** The code of the error that a call throws; fails when it throws none or one without a code. */
export function code(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
    throw error;
  }
  throw new Error("threw nothing");
}
