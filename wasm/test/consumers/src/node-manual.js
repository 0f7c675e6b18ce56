import { readFile } from "node:fs/promises";

import * as airwaybill from "airwaybill/manual";

import { outcome } from "./outcome.js";

await airwaybill.init(readFile(new URL("engine.wasm", import.meta.url)));
console.log(JSON.stringify(await outcome(airwaybill)));
