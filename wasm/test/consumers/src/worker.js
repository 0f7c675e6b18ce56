import * as airwaybill from "airwaybill";

import { outcome } from "./outcome.js";

postMessage(await outcome(airwaybill));
