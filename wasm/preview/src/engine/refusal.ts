// What a folder or a zip without a release is, and what a person may have meant.

import { Catalog, Version, type VersionScheme } from "airwaybill";

import { filterOf, placed, type Given, type Rules } from "./given.js";
import type { Notice, Refusal, Wish } from "./protocol.js";
import type { ServerReleases } from "./server.js";

/** How deep and how many. */
const MOST_DIRECTORIES = { deep: 3, shown: 4 };
/** Names alone tell what has the content of a release. */
const ANY_DIGEST = "0".repeat(40);

/** `reasons` are those for which its releases are not offered, if there seemed to be some. */
export function refusal(given: Given, wish: Wish, server: ServerReleases | null, reasons: Notice[] = notReleased(wish)): Refusal {
  const { kind, name } = given;
  const rules = server?.document.options ?? {};
  const place = placed({ inside: wish.inside, as: null });
  const paths = given.paths.flatMap((path) => place(path) ?? []);
  const isKnown = wish.as === null && reasons.length > 0;
  const inside = isKnown ? [] : releasesInside(paths, rules).map((found) => wish.inside + found);
  const content = isKnown || inside.length > 0 ? null : contentOfRelease(given, wish.inside, server);
  const filter = filterOf(rules);
  const images = paths.some((path) => !path.includes("/") && filter.reads(path));
  filter.free();
  return { refused: { kind, name, inside, content, images, reasons } };
}

/** What is wrong with the name of a release. */
function notReleased({ as }: Wish): Notice[] {
  if (as === null) return [];
  const catalog = Catalog.fromListing([{ path: `${as}/main.py`, size: 1, sha1: ANY_DIGEST }]);
  const { ignored } = catalog;
  catalog.free();
  return ignored;
}

/** The directories, each with a `/` at its end, that would have releases if they were what is open; the least deep first. */
export function releasesInside(paths: readonly string[], rules: Rules): string[] {
  const filter = filterOf(rules);
  const found = new Set<string>();
  for (const path of paths) {
    for (let depth = 0, end = path.indexOf("/"); end >= 0 && depth < MOST_DIRECTORIES.deep; depth += 1, end = path.indexOf("/", end + 1)) {
      const directory = path.slice(0, end + 1);
      if (found.has(directory)) break;
      const rest = path.slice(end + 1);
      // An image alone is no release.
      if (rest.includes("/") && filter.reads(rest)) found.add(directory);
    }
  }
  filter.free();
  const depth = (directory: string) => directory.split("/").length;
  const ordered = [...found].sort((left, right) => depth(left) - depth(right) || (left < right ? -1 : 1));
  return ordered.slice(0, MOST_DIRECTORIES.shown);
}

/** Where the files of a device are, at the top or in the only directory there: the check would let some of them out. */
function contentOfRelease(given: Given, start: string, server: ServerReleases | null): { inside: string; as: string } | null {
  const as = nameFor(given.name, server);
  for (let inside = start; ; ) {
    const place = placed({ inside, as: null });
    const paths = given.paths.flatMap((path) => place(path) ?? []).filter((path) => !path.endsWith("/"));
    if (hasMount(paths, as === "" ? "1" : as, server)) return { inside, as };
    const tops = new Set(paths.map((path) => path.split("/", 1)[0]!));
    const [only] = tops;
    if (tops.size !== 1 || paths.includes(only!)) return null;
    inside += `${only}/`;
  }
}

/** Whether any of these files would be where a device may have it, in a release of this name (rule F1). */
function hasMount(paths: readonly string[], version: string, server: ServerReleases | null): boolean {
  const { options, check } = server?.document ?? {};
  const { ignore, include } = options ?? {};
  const entries = paths.map((path) => ({ path: `${version}/${path}`, size: 1, sha1: ANY_DIGEST }));
  const catalog = Catalog.fromListing(entries, { ignore, include });
  try {
    if (catalog.releases.length === 0) return false;
    const findings = catalog.check([], { settings: { mounts: check?.mounts } });
    const outside = new Set(findings.filter(({ code }) => code === "path_mount").map(({ path }) => path));
    return catalog.files(version).some(({ path }) => !outside.has(`${version}/${path.split("/", 1)[0]}`));
  } finally {
    catalog.free();
  }
}

/** What a release might be called: as the folder is, unless the server has one of that name, or as the one after its highest. */
function nameFor(name: string, server: ServerReleases | null): string {
  const { entries = [], options } = server?.document ?? {};
  const { scheme = "loose" } = options ?? {};
  const filter = filterOf({});
  try {
    const own = name.replace(/\.zip$/i, "");
    const tops = new Set(entries.flatMap(({ path }) => (path.includes("/") ? path.split("/", 1) : [])));
    if (filter.reads(`${own}/main.py`) && !tops.has(own)) return own;
    const highest = [...tops].filter((top) => filter.reads(`${top}/main.py`)).reduce((best, top) => (isHigher(top, best, scheme) ? top : best), "");
    const next = highest.replace(/\d+(?=\D*$)/, (digits) => String(Number(digits) + 1).padStart(digits.length, "0"));
    if (highest === "") return "1.0.0";
    return isHigher(next, highest, scheme) && filter.reads(`${next}/main.py`) ? next : "";
  } finally {
    filter.free();
  }
}

function isHigher(name: string, than: string, scheme: VersionScheme): boolean {
  if (than === "") return true;
  try {
    const [left, right] = [new Version(name, scheme), new Version(than, scheme)];
    const order = left.compare(right);
    left.free();
    right.free();
    return order > 0;
  } catch {
    return false;
  }
}
