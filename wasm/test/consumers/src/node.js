import * as airwaybill from "airwaybill";

import { outcome } from "./outcome.js";

let started = 0;
process.on("worker", () => (started += 1));
console.log(JSON.stringify({ ...(await outcome(airwaybill)), started }));
