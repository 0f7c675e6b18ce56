// The lists of releases and images, and who signed them.

import { html } from "lit";

import { count, plural } from "../format.js";

export const warnings = { title: (number: number) => `Warnings (${count(number)})`, none: "Nothing.", list: "Warnings" };
export const noLinks = (alsoDirectories: boolean) =>
  `Browsers do not show symbolic links of a folder${alsoDirectories ? ", nor empty directories unless it was dropped" : ""}; the server does.`;
export const ignored = { title: (number: number) => `Ignored (${count(number)})`, none: "Nothing: everything in the directory is offered.", list: "What is ignored" };
export const releases = {
  title: (number: number) => plural(number, "release"),
  none: html`None. The folder needs a directory for each release, named with its version: <code>1.0.0/</code>, <code>1.0.1/</code>.`,
  list: "List of releases",
  columns: ["Version", "Files", "Size"],
};
export const images = { title: (number: number) => plural(number, "firmware image"), none: "None.", list: "List of images", columns: ["Image", "Size"] };

export const signed = {
  title: (valid: number, all: number) => `Signed (${count(valid)} of ${count(all)})`,
  list: "Who signed what",
  keys: (keys: { number: number; product: string } | null) =>
    keys === null ? "For devices that have the newest keys." : `For devices that have keys ${keys.number} of ${keys.product}.`,
  onlyValid: "What is not valid is not offered.",
  by: (signers: readonly string[]) => `by ${signers.join(", ")}`,
  sequence: (sequence: number) => `sequence ${sequence}`,
  expires: (time: string) => `expires ${time}`,
  valid: "✓ valid",
  notValid: "✕ not valid",
  moreReasons: (number: number) => `and ${plural(number, "more reason")}`,
  advice: (path: string, isAgain: boolean) => html`${isAgain ? "sign it again" : "sign it"}: <code>airwaybill sign DIR ${path} --key KEY</code>`,
  refused: (path: string) => html`✕ Devices with keys refuse <span class="mono">${path}</span>:`,
  signedBy: (signers: readonly string[]) => `signed by ${signers.join(", ")}`,
};
