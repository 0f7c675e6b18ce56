// What the page around hears of what is shown.

import type { Plan, Source } from "../package/release-preview.js";
import type { Model } from "./model.js";
import { caption, candidateText, tabs } from "./texts/sources.js";

export function captionOf({ overview, wanted, view, host }: Model): string {
  const name = tabs[view.tab];
  if (overview === null) return wanted?.name ?? "";
  const { candidates, kind, releases, source } = overview;
  const to = view.to ?? releases.at(-1)?.version;
  const way = to === undefined ? "" : caption.way(view.from, candidates.versions.includes(to) ? candidateText(to) : to);
  const own = host.isListing && kind === "server" ? caption.listing : overview.name;
  const shown = kind === "server" && source !== null ? `${own} + ${source.name}` : own;
  return `${name}${view.tab === "plan" || view.tab === "manifest" ? way : ""} · ${shown}`;
}

export function sourceOf({ overview, host }: Model): Source | null {
  if (overview === null) return null;
  const { candidates, kind, name, releases, firmware } = overview;
  return {
    kind: kind === "server" && host.isListing ? "listing" : kind,
    name,
    releases: releases.map(({ version }) => version),
    firmware: firmware.map(({ path }) => path),
    candidates: [...candidates.versions, ...candidates.images],
  };
}

export function planOf({ plan }: Model): Plan | null {
  if (plan === null) return null;
  const { request, version, counts, download, patched, firmware } = plan;
  return { from: request.current ?? null, to: version, counts: { ...counts }, download, patched, firmware };
}
