// The page around <release-preview>: the view lives in the address, and the title says it.

import "./release-preview.js";
import type { ReleasePreview } from "./release-preview.js";

const preview = document.querySelector<ReleasePreview>("release-preview")!;
const title = document.title;

function entitle(): void {
  document.title = preview.caption === "" ? title : `${preview.caption} · airwaybill`;
}

preview.view = location.hash.slice(1);
preview.addEventListener("view-change", (event) => {
  const { isStep } = (event as CustomEvent<{ isStep: boolean }>).detail;
  // Each letter typed into the filter must not become a step of the history.
  if (isStep) history.pushState(null, "", `#${preview.view}`);
  else history.replaceState(null, "", `#${preview.view}`);
  entitle();
});
preview.addEventListener("source-change", entitle);
addEventListener("hashchange", () => {
  preview.view = location.hash.slice(1);
  entitle();
});
