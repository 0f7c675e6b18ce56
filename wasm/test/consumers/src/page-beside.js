import * as airwaybill from "airwaybill/manual";

import { outcome } from "./outcome.js";

await airwaybill.init("engine.wasm");
await fetch("/outcome", { method: "POST", body: JSON.stringify(await outcome(airwaybill)) });
