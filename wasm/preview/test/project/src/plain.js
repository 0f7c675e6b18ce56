// A page with nothing but the element, for bundlers.

import "airwaybill-preview";

const preview = document.createElement("release-preview");
preview.server = new URLSearchParams(location.search).get("server");
document.body.append(preview);
