// What several views say.

import { count } from "../format.js";

export const copy = "Copy";
export const download = "Download";
export const copied = "copied";
export const select = "the browser did not allow copying; select the lines instead";
export const useDownload = "the browser did not allow copying; use Download instead";
export const downloadedAs = (name: string) => `downloaded as ${name}`;
export const more = (left: number) => `and ${count(left)} more`;
export const notChecked = "Not checked:";
