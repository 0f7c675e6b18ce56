// Words that a newcomer does not know, and where the documentation says what they mean.

export const documentation = "https://airwaybill.github.io/airwaybill/";

/** A name, and a page of the documentation with the heading there. */
export const terms = {
  baseUrl: { name: "base URL", place: "docs/MANIFEST/#the-manifest" },
  candidate: { name: "candidate", place: "wasm/preview/#what-you-give-it" },
  check: { name: "check", place: "docs/FLEET/#the-check" },
  dstPaths: { name: "paths in the manifest", place: "docs/MANIFEST/#differences-from-the-vendors-example" },
  firmware: { name: "firmware version", place: "docs/MANIFEST/#the-manifest" },
  format: { name: "format", place: "docs/MANIFEST/#the-manifest" },
  ignored: { name: "ignored", place: "docs/RELEASES/#the-directory" },
  link: { name: "link", place: "wasm/preview/#how-long-it-takes" },
  manifest: { name: "manifest", place: "docs/MANIFEST/#the-manifest" },
  patches: { name: "patches", place: "docs/PATCHES/#patches" },
  protected: { name: "protected", place: "docs/RELEASES/#protect-or-keep" },
  scheme: { name: "version order", place: "tests/RULES/#versions" },
  settled: { name: "being copied", place: "docs/RELEASES/#the-directory" },
  target: { name: "target", place: "docs/RELEASES/#from-a-directory-to-a-device" },
  waybill: { name: "waybill and sequence", place: "docs/KEYS/#signing" },
};

export const about = (name: string) => `What “${name}” means: the documentation, in a new tab`;
