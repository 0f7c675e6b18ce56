// The manifest, and its comparison with the server's.

import { html } from "lit";

import { exactBytes } from "../format.js";

export const manifest = "Manifest";
export const baseUrl = "Base URL";
export const format = "Format";
export const formats = { 1: "1", 2: "2, with sizes", 3: "3, with patches" };
export const compare = "Compare with the server";
export const text = "Manifest text";
export const notCandidates = "The server does not have the candidates: it cannot be compared with them.";
export const notOthers = html`The server's manifests always go to its highest release. To compare, choose <em>highest</em> as the target.`;
export const none = "No manifest:";
export const notCompared = "Not compared:";
export const same = (bytes: number, url: string) =>
  html`<strong>The same, byte for byte.</strong> The server sends these ${exactBytes(bytes)} for <code>${url}</code>`;
export const differs = (url: string) =>
  html`<strong>The server's answer differs</strong>: <code>${url}</code>. Reload the releases if they have changed; otherwise check the base URL, the version
    order, the paths and the format selected here. Red is the server's answer, green is this page's.`;
export const differences = "Differences from the server";
