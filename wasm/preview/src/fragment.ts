// The view as text behind the `#` of the address.

import { KINDS, type DstPaths, type Kind, type Overview, type SourceName, type VersionScheme } from "./engine/protocol.js";

export const TABS = ["plan", "matrix", "manifest", "check", "releases"] as const;
export type Tab = (typeof TABS)[number];

export const SORTS = ["path", "kind", "size", "change"] as const;
export type Sort = (typeof SORTS)[number];

export const SHOWN_KINDS: readonly Kind[] = ["delete", "new", "update", "flash"];

export interface View {
  /** The folder or the zip that is shown; null for the server's releases. */
  source: SourceName | null;
  tab: Tab;
  /** The device's release; null for a device without a version. */
  from: string | null;
  /** null for the highest. */
  to: string | null;
  /** null if the request has none. */
  firmware: string | null;
  downgrade: boolean;
  /** Whether the matrix counts firmware. */
  withImages: boolean;
  /** Whether the matrix says how long downloads take, instead of their bytes. */
  asTime: boolean;
  /** null for that of the server. */
  chosenScheme: VersionScheme | null;
  dstPaths: DstPaths | null;
  base: string | null;
  format: 1 | 2 | 3;
  filter: string;
  kinds: readonly Kind[];
  sort: Sort;
  descending: boolean;
  /** Whether the files are a tree of directories. */
  asTree: boolean;
  file: string | null;
  /** Whether differences in white space alone are none. */
  ignoresSpace: boolean;
  /** The name of the group of findings whose files alone are shown; null for all files. */
  finding: string | null;
  link: string;
  /** kbit/s, percent of the time on air, seconds per file; null for the link's own figures. */
  figures: readonly [number, number, number] | null;
}

export const START: View = {
  source: null,
  tab: "plan",
  from: null,
  to: null,
  firmware: null,
  downgrade: false,
  withImages: true,
  asTime: false,
  chosenScheme: null,
  dstPaths: null,
  base: null,
  format: 1,
  filter: "",
  kinds: SHOWN_KINDS,
  sort: "path",
  descending: false,
  asTree: false,
  file: null,
  ignoresSpace: false,
  finding: null,
  link: "wifi",
  figures: null,
};

/** The view of a fragment, and whether it names a device; unknown values are ignored. */
export function parse(fragment: string): { view: View; device: boolean } {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const text = (name: string) => given.get(name) || null;
  const one = <Value extends string>(name: string, values: readonly Value[]): Value | null =>
    values.find((value) => value === given.get(name)) ?? null;
  const kinds = (given.get("kinds") ?? "").split(" ").filter((kind): kind is Kind => KINDS.includes(kind as Kind));
  const figures = (given.get("figures") ?? "").split(" ").map(Number);
  const right = figures.length === 3 && figures.every((figure) => Number.isFinite(figure) && figure >= 0);
  const view: View = {
    source: sourceOf(given),
    tab: one("tab", TABS) ?? START.tab,
    from: text("from"),
    to: text("to"),
    firmware: text("firmware"),
    downgrade: given.get("downgrade") === "yes",
    withImages: given.get("images") !== "no",
    asTime: given.get("cells") === "time",
    chosenScheme: one("scheme", ["loose", "semver", "pep440"]),
    dstPaths: one("paths", ["absolute", "relative"]),
    base: text("base"),
    format: ([2, 3] as const).find((format) => given.get("format") === String(format)) ?? 1,
    filter: given.get("filter") ?? "",
    kinds: given.has("kinds") ? kinds : START.kinds,
    sort: one("sort", SORTS) ?? START.sort,
    descending: given.get("descending") === "yes",
    asTree: given.get("files") === "tree",
    file: text("file"),
    ignoresSpace: given.get("space") === "ignored",
    finding: text("finding"),
    link: given.get("link") ?? START.link,
    figures: right ? [figures[0]!, figures[1]!, figures[2]!] : null,
  };
  return { view, device: given.has("from") };
}

function sourceOf(given: URLSearchParams): SourceName | null {
  const kind = (["folder", "zip"] as const).find((kind) => given.get(kind));
  if (kind === undefined) return null;
  const [name, digest, inside] = [kind, "digest", "inside"].map((field) => given.get(field) ?? "") as [string, string, string];
  return { kind, name, digest, inside, as: given.get("as") || null, onTop: given.get("on") === "server" };
}

export function isSame(left: SourceName | null, right: SourceName | null): boolean {
  if (left === null || right === null) return left === right;
  return (["kind", "name", "digest", "inside", "as", "onTop"] as const).every((field) => left[field] === right[field]);
}

export function differs(left: View, right: View, ...names: (keyof View)[]): boolean {
  return names.some((name) => left[name] !== right[name]);
}

/** The view for other releases: without what is about those before. What is tried is the target. */
export function viewOf({ candidates, releases }: Overview, before: View): View {
  const tried = candidates.versions.at(-1);
  const to = tried === undefined ? before.to : tried === releases.at(-1)?.version ? null : tried;
  return { ...before, to: releases.some(({ version }) => version === to) ? to : null, file: null, finding: null };
}

export function write(view: View): string {
  const given = new URLSearchParams();
  const put = (name: string, value: string | null, usual: string | null = null) => {
    if (value !== null && value !== usual) given.set(name, value);
  };
  if (view.source !== null) {
    const { kind, name, digest, inside, as, onTop } = view.source;
    given.set(kind, name);
    put("digest", digest, "");
    put("inside", inside, "");
    put("as", as);
    put("on", onTop ? "server" : null);
  }
  put("tab", view.tab, START.tab);
  given.set("from", view.from ?? "");
  put("to", view.to);
  put("firmware", view.firmware);
  put("downgrade", view.downgrade ? "yes" : null);
  put("images", view.withImages ? null : "no");
  put("cells", view.asTime ? "time" : null);
  put("scheme", view.chosenScheme);
  put("paths", view.dstPaths);
  put("base", view.base);
  put("format", String(view.format), "1");
  put("filter", view.filter, "");
  put("kinds", view.kinds.join(" "), SHOWN_KINDS.join(" "));
  put("sort", view.sort, START.sort);
  put("descending", view.descending ? "yes" : null);
  put("files", view.asTree ? "tree" : null);
  put("file", view.file);
  put("space", view.ignoresSpace ? "ignored" : null);
  put("finding", view.finding);
  put("link", view.link, START.link);
  put("figures", view.figures === null ? null : view.figures.join(" "));
  return given.toString();
}
