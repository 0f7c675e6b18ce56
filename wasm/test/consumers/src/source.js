import source module from "airwaybill/engine.wasm";
import * as airwaybill from "airwaybill/manual";

import { outcome } from "./outcome.js";

await airwaybill.init(module);
console.log(JSON.stringify(await outcome(airwaybill)));
