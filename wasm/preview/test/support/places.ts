import { fileURLToPath } from "node:url";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const TOP = at("../../../../").replace(/\/$/, "");
export const EXAMPLES = `${TOP}/examples/releases`;
export const PACKAGE = `${TOP}/wasm/dist`;
export const BUILT = `${TOP}/python/airwaybill/preview`;
export const SCREENSHOTS = `${TOP}/target/preview`;
export const PYTHON = process.env.AIRWAYBILL_PYTHON ?? `${TOP}/.venv/bin/python`;
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const FIREFOX = process.env.FIREFOX ?? "/usr/bin/firefox-esr";
