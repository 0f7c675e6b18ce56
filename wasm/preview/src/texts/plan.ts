// The plan's summary.

import { html, type TemplateResult } from "lit";

import { bytes, count, exactBytes, plural } from "../format.js";

type Text = string | TemplateResult;

export const summary = "Summary";
export const files = "Files";
export const noPlan = "No plan:";
export const none = "There is no release to offer here";
export const howToName = (below: string | null) =>
  html`Each release is a directory named with its version,
  ${below === null ? html`<code>1.0.0/</code>.` : html`and <code>${below}</code> in this one has some: serve that one.`}`;
export const device = (version: string | null | undefined): Text =>
  version == null ? "A device without a version" : html`A device on <span class="mono">${version}</span>`;
export const nothingToDo = (device: Text) => html`${device} has nothing to do`;
export const headline = (device: Text, download: number, version: Text) => html`${device} downloads ${bytes(download)} to get to ${version}`;
export const allNew = "Its release is not available here, so every file is new and none is deleted.";
export const figures = {
  download: "Download",
  time: "Time",
  patched: "With patches",
  deleted: "Deleted",
  new: "New",
  updated: "Updated",
  unchanged: "Unchanged",
  flashed: "Firmware",
};
export const noFirmware = "none";
export const inFiles = (fetches: number, manifest: string) => `in ${plural(fetches, "file")}; manifest ${manifest}`;
export const kept = (files: number) => `${count(files)} protected`;
export const opened = (path: string, lines: { added: number; removed: number } | null) =>
  `${path} is open after the list${lines === null ? "" : `, ${plural(lines.added, "line")} added, ${plural(lines.removed, "line")} removed`}; Escape closes it.`;

export const share = {
  label: "Share of the download",
  title: (path: string, size: number) => `${path}: ${exactBytes(size)}`,
  more: (files: number) => `${count(files)} more`,
  figures: (size: number, percent: string) => `${bytes(size)}, ${percent} %`,
};

export const report = {
  title: "Report",
  markdown: "Copy as Markdown",
  csv: "Download CSV",
  html: "Download HTML",
  making: "making it …",
  none: "No report:",
  instead: (name: string) => `the browser did not allow copying; downloaded as ${name} instead`,
};
