// The check of a manifest, and of a device.

import { html } from "lit";

import type { VerifyRow } from "../engine/protocol.js";
import { count } from "../format.js";

export const words: Record<VerifyRow["kind"], string> = { right: "OK", missing: "missing", different: "different", unexpected: "unexpected", url: "wrong URL" };
export const content = {
  title: "A manifest and its files",
  about: "Is every file of a manifest there, with the right size and hash?",
  manifest: { text: "1. Drop a manifest here, or", button: "choose a manifest" },
  chosen: (name: string) => html`Manifest: <code>${name}</code>`,
  folder: { text: "2. Drop the folder of releases here, or", button: "choose a folder" },
  own: "Check against the open releases",
  first: "choose the manifest first",
};
export const device = {
  title: "A device and its release",
  about: "What differs between the files on a device and its release?",
  release: "Release",
  listing: { text: "Drop the device's listing here (of sha1sum or sha256sum, or JSON), or", button: "choose a listing" },
  folder: { text: "or drop a copy of its files, or", button: "choose a folder" },
};
export const howToList = {
  title: "How to list a device's files",
  about: (name: string) =>
    html`Save this as <code>${name}</code>, then <code>mpremote run ${name} &gt; device.json</code>. Of a copy of its files:
      <code>find . -type f -exec sha256sum {} + &gt; device.txt</code>`,
  program: "A program that lists a device's files",
};
export const noFolder = "this browser's picker chooses no folders";
export const result = {
  title: "Result",
  fine: "Everything matches.",
  bad: "Something differs.",
  of: (what: "content" | "device", name: string) => (what === "content" ? html`<code>${name}</code>` : html`Release <code>${name}</code>`),
  counts: (checked: number, right: number) => `${count(checked)} checked, ${count(right)} OK`,
  also: (number: number, kind: VerifyRow["kind"]) => `, ${count(number)} ${words[kind]}`,
  onlyProblems: "only problems",
  list: "Files checked",
  expected: "expected",
  found: "found",
};
