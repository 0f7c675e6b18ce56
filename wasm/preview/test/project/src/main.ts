// A tool with the package in it: everything that its types promise is used once.

import { ReleasePreview, type Entry, type Given, type ListingDocument, type Plan, type Source } from "airwaybill-preview";

const preview = document.querySelector("release-preview")!;
const say = (id: string, what: unknown) => void (document.querySelector(`#${id}`)!.textContent = JSON.stringify(what));
const clicked = (id: string, work: () => unknown) => document.querySelector(`#${id}`)!.addEventListener("click", work);

const entry = (path: string, size: number, digit: string): Entry => ({ path, size, sha1: digit.repeat(40) });
const listing: ListingDocument = {
  entries: [entry("3.0.0/flash/main.py", 10, "1"), entry("3.0.1/flash/main.py", 12, "2"), entry("firmware_3.0.1.bin", 100, "3")],
};
const files: Given = [
  { path: "2.0.0/flash/main.py", file: new Blob(["print(1)\n"]) },
  { path: "2.0.1/flash/main.py", file: new Blob(["print(22)\n"]) },
  { path: "2.0.1/flash/boot.py", file: new Blob(["import app\n"]) },
];

preview.addEventListener("source-change", ({ detail }) => say("source", detail satisfies Source | null));
preview.addEventListener("plan-change", ({ detail }) => say("plan", detail satisfies Plan | null));
preview.addEventListener("view-change", ({ detail }) => void (document.title = detail.isStep ? `step: ${preview.caption}` : preview.caption));
preview.server = new URLSearchParams(location.search).get("server");

clicked("given-files", () => preview.open(files, "made here"));
clicked("given-nothing", () => preview.open([]).catch((error: unknown) => say("error", String(error))));
clicked("given-listing", () => {
  preview.server = null;
  preview.listing = listing;
});
clicked("matrix-alone", () => void (preview.tabs = "matrix"));

say("error", preview instanceof ReleasePreview ? preview.headingLevel : "no element");
