// What the types refuse.

import type { Entry, ListingDocument, ReleasePreview, Tab } from "airwaybill-preview";

declare const preview: ReleasePreview;

// @ts-expect-error
preview.caption = "";
// @ts-expect-error
preview.headingLevel = "2";
// @ts-expect-error
preview.listing = { releases: [] };
// @ts-expect-error
preview.open("releases.zip");
// @ts-expect-error
preview.open([new Blob([])]);
// @ts-expect-error
preview.addEventListener("plan-change", ({ detail }) => detail.to);
// @ts-expect-error
preview.addEventListener("source-change", ({ detail }) => detail?.version);
// @ts-expect-error
export const tab: Tab = "none";
// @ts-expect-error
export const entry: Entry = { path: "a", size: 1 };
// @ts-expect-error
export const listing: ListingDocument = { entries: [], options: { scheme: "other" } };
