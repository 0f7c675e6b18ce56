// Bytes to fetch for every release to every release, in slices, so that other questions get their answers meanwhile.

import type { Catalog, Plan, PlanRequest } from "airwaybill";

import { slices } from "./pause.js";
import type { MatrixRow, Render } from "./protocol.js";

export const NOTHING = NaN;
export const REFUSED = -1;
const encoder = new TextEncoder();

/** Row 0 is a device without a version; row n is one on release n - 1. Column n is release n as the target. */
export async function matrix(
  catalog: Catalog,
  base: Pick<PlanRequest, "firmwareVersion" | "allowDowngrade">,
  { hasPatches, load: render }: { hasPatches: boolean; load: Render | null },
  tell: (rows: MatrixRow[], done: boolean) => void,
  wanted: () => boolean,
): Promise<void> {
  const versions = catalog.releases.map((release) => release.version);
  const pause = slices();
  let ready: MatrixRow[] = [];
  for (let row = 0; row <= versions.length; row += 1) {
    const bytes = new Float64Array(versions.length);
    const patched = hasPatches ? new Float64Array(versions.length) : null;
    const load = render === null ? null : { manifests: new Float64Array(versions.length), files: new Float64Array(versions.length) };
    const current = row === 0 ? null : versions[row - 1]!;
    for (let column = 0; column < versions.length; column += 1) {
      const request = { ...base, current, target: versions[column]! };
      const size = cell(catalog, request);
      bytes[column] = size;
      if (patched !== null) patched[column] = size > 0 ? catalog.patchedSize(request) : size;
      if (load !== null && render !== null && size >= 0) {
        load.manifests[column] = encoder.encode(catalog.manifestJson(request, render)).length;
        load.files[column] = filesOf(catalog.plan(request));
      }
      if (!(await pause())) continue;
      if (!wanted()) return;
      if (ready.length > 0) tell(ready, false);
      ready = [];
    }
    ready.push({ row, bytes, patched, load });
  }
  tell(ready, true);
}

function filesOf(plan: Plan | null): number {
  return plan === null ? 0 : plan.new.length + plan.update.length + (plan.firmware === null ? 0 : 1);
}

function cell(catalog: Catalog, request: PlanRequest): number {
  try {
    const bytes = catalog.downloadSize(request);
    // A plan that only deletes fetches nothing either.
    return bytes > 0 || catalog.plan(request) !== null ? bytes : NOTHING;
  } catch {
    return REFUSED;
  }
}
