// What is open, and what a person or the page around may give.

import { html, type TemplateResult } from "lit";

import type { Overview, Refusal, Settling, SourceName } from "../engine/protocol.js";
import { bytes, plural } from "../format.js";

type Kind = SourceName["kind"];
type Refused = Refusal["refused"];

export const title = "Release preview";
export const views = "Views";
export const drop = "Drop a release, a folder of releases, or a zip of these";
export const selectedPlan = "Selected plan:";
export const notices = " notices";
export const tabs = { plan: "Plan", matrix: "Matrix", manifest: "Manifest", check: "Check", releases: "Releases" };

/** Releases that nobody had to give: the server's, or those of which the page around has the listing. */
export interface Published {
  isListing: boolean;
}
const those = ({ isListing }: Published) => (isListing ? "the listed releases" : "this server's releases");

export const kinds = { folder: "Folder", zip: "Zip" };
export const published = ({ isListing }: Published) => (isListing ? "Listing" : "This server");
export const reload = "Reload";
export const folder = "Folder …";
export const zip = "Zip …";
export const openReleases = "Open releases";
export const inputs = { folder: "Folder of releases", zip: "Zip of releases" };
export const nothingOpen = "nothing open";
export const opening = "opening …";
export const notOpened = "Not opened:";
export const stays = "Nothing leaves this browser, also where it asks whether to “upload” files.";
export const noFolder = "It cannot choose folders: pack the folder as a zip, and choose that.";
export const dropInstead =
  "Drop a folder instead of picking it: if a link beside the releases leads to one of them (latest → 1.0.1), a browser may omit that release, and it shows no empty directories.";

export const counts = ({ releases, firmware, entries, bytes: size }: Pick<Overview, "releases" | "firmware" | "entries" | "bytes">) =>
  `· ${[plural(releases.length, "release"), plural(firmware.length, "image"), `${plural(entries, "file")}, ${bytes(size)}`].join(" · ")}`;
export const withCandidates = (candidates: TemplateResult[], { kind, name }: SourceName) =>
  html`with ${candidates}from the ${kind} <span class="mono">${name}</span>`;
export const asRelease = (version: string) => html`as <span class="mono">${version}</span>`;

export const isOther = (kind: Kind | undefined) => `This is another ${kind} than that of the link: its content differs.`;
export const onTop = (whose: Published, replacing: readonly string[]) =>
  `Shown on top of ${those(whose)}${replacing.length === 0 ? "" : `, in place of its ${replacing.join(", ")}`}.`;
export const alone = (whose: Published) => `Shown without ${those(whose)}.`;
export const showAlone = "Show it alone";
export const tryOnTop = (whose: Published) => `Try it on top of ${those(whose)}`;
export const stale = "The releases on the server have changed since they were read.";
export const unreachable = "The server does not respond: this is what it had when it last did.";
export const copying = (settling: readonly Settling[]) =>
  html`Being copied: ${settling.map(({ name }, index) => html`${index > 0 ? ", " : ""}<span class="mono">${name}</span>`)}.`;
export const copiedSoFar = (files: number, size: number) =>
  `${plural(files, "file")}, ${bytes(size)} so far. What is copied is offered when nothing in it has changed for a while.`;

export const cancel = "Cancel";
export const check = (progress: string) => `Check: ${progress}`;
export const found = (files: number) => `${plural(files, "file")} found`;
export const read = (done: number, total: number) => `${bytes(done)} of ${bytes(total)} read`;
export const readingListing = "reading the listing";

export const wanted = {
  any: "Drop a folder of releases here",
  whatItIs: "It has one directory for each release, named with its version, and the firmware images beside them.",
  named: ({ kind, name }: SourceName) => html`This link shows the ${kind} <span class="mono">${name}</span>`,
  where: ({ as, onTop }: SourceName, whose: Published, canChoose: boolean) =>
    html`It was opened${as === null ? "" : html` as the release <span class="mono">${as}</span>`}${onTop ? ` on top of ${those(whose)}` : ""} by
        whoever made the link, and is on that computer, not on the server. Ask for it, and drop it
        here${canChoose ? " or choose it above" : ""}.`,
  instead: (whose: Published) => `Show ${those(whose)} instead`,
};

export const refused = {
  what: ({ kind, name }: Refused) => html`the ${kind} <span class="mono">${name}</span>`,
  nothingOffered: "has nothing that is offered.",
  inside: (directory: string) => html`has no release, but <span class="mono">${directory}</span> in it has.`,
  content: (inside: string) =>
    inside === "" ? "is the content of one release." : html`has the content of one release in <span class="mono">${inside}</span>.`,
  images: "has a firmware image, and no release.",
  nothing: html`has no release. Each is a directory named with its version, such as <code>1.0.0/</code>.`,
  stillShown: "What was open is still shown.",
  openInside: (directory: string) => html`Open <span class="mono">${directory}</span> inside it`,
  tryAs: "Try it as release",
  try: "Try",
};

export const candidate = "candidate";
/** Where there is only text. */
export const candidateText = (name: string) => `${name} (${candidate})`;

/** For a title. */
export const caption = {
  way: (from: string | null, to: string) => ` ${from ?? "no version"} → ${to}`,
  listing: "listing",
};

export const droppedItems = (number: number) => `${number} dropped items`;

/** Errors of a page that embeds this one. */
export const notGiven = "open: expected a File, a handle of a file or a directory, or a list of File objects or of objects with path and file";
export const notInDocument = "open: put the element into a document first";

