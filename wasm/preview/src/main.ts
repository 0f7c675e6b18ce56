// The page around <release-preview>: the view lives in the address.

import "./release-preview.js";
import type { ReleasePreview } from "./release-preview.js";

const preview = document.querySelector<ReleasePreview>("release-preview")!;
preview.view = location.hash.slice(1);
preview.addEventListener("view-change", () => {
  // Replaced, not added: each letter typed into the filter must not become a step of the history.
  history.replaceState(null, "", `#${preview.view}`);
});
addEventListener("hashchange", () => (preview.view = location.hash.slice(1)));
