// Why a device has nothing to do.

import { Version, type Catalog, type PlanRequest } from "airwaybill";

import type { Nothing, VersionScheme } from "./protocol.js";

/** For a request without a plan (rules P2, P5 and P6); null where there is no release at all. */
export function nothingOf(catalog: Catalog, request: PlanRequest, scheme: VersionScheme): Nothing | null {
  const target = request.target ?? catalog.releases.at(-1)?.version;
  if (target === undefined) return null;
  return { target, files: filesOf(request.current ?? null, target, scheme), firmware: firmwareOf(catalog, request) };
}

function filesOf(current: string | null, target: string, scheme: VersionScheme): Nothing["files"] {
  if (current === null) return "same";
  try {
    const [device, goal] = [new Version(current, scheme), new Version(target, scheme)];
    const order = device.compare(goal);
    device.free();
    goal.free();
    return order > 0 ? "higher" : order === 0 ? "on_target" : "same";
  } catch {
    return "same"; // a version that the scheme does not order is lower than all
  }
}

function firmwareOf(catalog: Catalog, request: PlanRequest): Nothing["firmware"] {
  const image = catalog.firmware.at(-1)?.version;
  if (image === undefined) return { why: "no_image" };
  if (request.firmwareVersion != null) return { why: "not_higher", image, than: request.firmwareVersion };
  const { current = null } = request;
  const isHigher = current !== null && catalog.plan({ ...request, firmwareVersion: current }) !== null;
  return isHigher || current === null ? { why: "not_named", image } : { why: "not_higher", image, than: current };
}
