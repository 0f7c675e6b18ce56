import * as airwaybill from "airwaybill/manual";

import { outcome } from "./outcome.js";

await airwaybill.init("engine.wasm", { worker: "airwaybill-worker.js" });
await fetch("/outcome", { method: "POST", body: JSON.stringify(await outcome(airwaybill)) });
