// The form for the device, its target and its link.

export const form = "Device and link";
export const device = "Device";
export const from = { label: "Device on", none: "no version (full install)", typed: "Version of the device", example: "1.0.1b" };
export const target = "Target";
export const highest = (version: string | undefined, isCandidate: boolean) =>
  `highest${version === undefined ? "" : ` (${version}${isCandidate ? ", candidate" : ""})`}`;
export const notHere = (version: string) => `${version} (not here)`;
export const stillChanging = (version: string) => `${version} (still changing)`;
export const another = "another version …";
export const firmware = { label: "Firmware version", none: "not sent", typed: "Firmware version of the device", example: "1.20.2.r4" };
export const downgrade = "Allow a downgrade";
export const more = "Firmware, rules and link";
export const rules = "Rules";
export const order = "Version order";
export const orders = { loose: "loose", semver: "SemVer", pep440: "PEP 440" };
export const paths = "Paths in the manifest";
export const globs = { ignored: "Ignored, as set on the server:", protected: "Protected, as set on the server:" };
export const link = "Link";
export const figures = ["kbit/s", "% on air", "s per file"];
