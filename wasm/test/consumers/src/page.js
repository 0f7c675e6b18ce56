import * as airwaybill from "airwaybill";

import { outcome } from "./outcome.js";

await fetch("/outcome", { method: "POST", body: JSON.stringify(await outcome(airwaybill)) });
