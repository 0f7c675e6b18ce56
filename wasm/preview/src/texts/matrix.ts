// The matrix of downloads.

import { html } from "lit";

import { exactBytes, plural } from "../format.js";

export const matrix = "Matrix";
export const none = "There is no release to compare.";
export const noVersion = "no version";
export const title = (asTime: boolean) => `Download ${asTime ? "time" : "size"} from each release to each`;
export const grid = (asTime: boolean) => `Download ${asTime ? "time" : "size"}`;
export const about = "A row is the device, a column the target; a cell opens that plan.";
export const withoutImages = (image: string) => html`Firmware is left out, as for devices that have <code>${image}</code>.`;
export const sends = (firmware: string) => html`Devices send firmware version <code>${firmware}</code>.`;
export const downgrades = "Downgrades are not installed unless the device form allows them.";
export const candidate = (sign: string) => html`<span class="flash">${sign}</span> is a candidate.`;
export const isCandidate = ", candidate";
export const withImages = "With firmware";
export const withPatches = "With patches";
export const asTime = (link: string) => `As time over ${link}`;
export const done = (rows: number, all: number) => `${rows} of ${all} rows`;
export const rows = "device on";
export const cell = {
  way: (from: string, to: string) => `${from} to ${to}`,
  uncounted: "not counted yet",
  refused: "refused",
  nothing: "nothing to do",
  size: (full: number, patched: number | undefined) => (patched === undefined ? exactBytes(full) : `${exactBytes(full)}, with patches ${exactBytes(patched)}`),
};
export const largest = (version: string, older: number) =>
  html`Largest downloads to <span class="mono">${version}</span>, from ${plural(older, "older release")}:`;
