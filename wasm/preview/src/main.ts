// The page around <release-preview>: the view lives in the address.

import "./release-preview.js";
import type { ReleasePreview } from "./release-preview.js";

const preview = document.querySelector<ReleasePreview>("release-preview")!;
preview.view = location.hash.slice(1);
preview.addEventListener("view-change", () => {
  // Replaced, not added: typing in the filter is no journey to walk back.
  history.replaceState(null, "", `#${preview.view}`);
});
addEventListener("hashchange", () => (preview.view = location.hash.slice(1)));
