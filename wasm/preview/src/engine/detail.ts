// One row of a plan: a file with its content before and after, or the image that is flashed.

import { Version, type Catalog, type Plan, type PlanRequest } from "airwaybill";

import { contentOf, sha256Of, type Contents } from "./contents.js";
import { failure } from "./failure.js";
import { difference, isOnlyEnds, lineEndsOf, TEXT_BYTES, textOf } from "./lines.js";
import type { FileAnswer, ImageAnswer, Side, VersionScheme } from "./protocol.js";
import { imagePath, type DeviceFiles } from "./rows.js";

type ContentsOf = (path: string) => Contents;

/** With both contents as lines, as far as they are known and are text. */
export async function detailOf(about: FileAnswer, contentsOf: ContentsOf, ignoresSpace: boolean): Promise<FileAnswer> {
  const sides = [about.before, about.after] as const;
  if (!about.known) return { ...about, note: "not_known" };
  if (sides.some((side) => (side?.size ?? 0) > TEXT_BYTES)) return { ...about, note: "too_large" };
  const read = async (side: Side | null) => (side === null ? "" : textOf(await contentOf(contentsOf(side.path), side.path, side)));
  try {
    const [before, after] = await Promise.all(sides.map(read));
    if (before == null || after == null) return { ...about, note: "binary" };
    const lineEnds = sides.includes(null) ? null : ([lineEndsOf(before), lineEndsOf(after)] as const);
    if (lineEnds !== null && isOnlyEnds(before, after)) return { ...about, lineEnds, note: "line_ends" };
    return { ...about, lineEnds, difference: difference(before, after, ignoresSpace) };
  } catch (error) {
    return { ...about, trouble: failure(error) };
  }
}

/** What is known of a file without its content. */
export function sidesOf(path: string, [from, before]: readonly [string | null, DeviceFiles], [to, after]: readonly [string | null, DeviceFiles]): FileAnswer {
  return {
    kind: "file",
    ...{ path, from, to, before: sideOf(before, path), after: sideOf(after, path) },
    known: from === null || before.files.size > 0,
    kept: before.kept.has(path) || after.kept.has(path),
    ...{ difference: null, lineEnds: null, note: null, trouble: null },
  };
}

function sideOf({ release, files }: DeviceFiles, path: string): Side | null {
  const file = files.get(path);
  return file === undefined ? null : { path: `${release}/${path}`, size: file.size, sha1: file.sha1 };
}

export async function imageOf(path: string, plan: Plan | null, replaced: Replaced, contentsOf: ContentsOf): Promise<ImageAnswer> {
  const image = plan?.firmware != null && imagePath(plan.firmware) === path ? plan.firmware : null;
  const answer: ImageAnswer = { kind: "image", path, image, sha256: null, ...replaced, trouble: null };
  if (image === null) return answer;
  try {
    return { ...answer, sha256: await sha256Of(contentsOf(image.path), image.path, image) };
  } catch (error) {
    return { ...answer, trouble: failure(error) };
  }
}

type Replaced = Pick<ImageAnswer, "than" | "isNamed" | "replaced">;

/** What firmware a device has (rule P5), and the image of it. */
export function replacedBy({ firmware }: Catalog, { firmwareVersion, current }: PlanRequest, scheme: VersionScheme): Replaced {
  const than = [firmwareVersion, current].map((text) => versionOf(text ?? null, scheme)).find((version) => version !== null) ?? null;
  const replaced = than === null ? null : (firmware.find(({ version }) => than.equals(new Version(version, scheme))) ?? null);
  const text = than?.toString() ?? null;
  return { than: text, isNamed: text !== null && text === firmwareVersion, replaced };
}

/** Null if the scheme has no place for it. */
function versionOf(text: string | null, scheme: VersionScheme): Version | null {
  try {
    return text === null ? null : new Version(text, scheme);
  } catch {
    return null;
  }
}
