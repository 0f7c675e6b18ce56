import module from "airwaybill/engine.wasm";
import * as airwaybill from "airwaybill/manual";

import { outcome } from "./outcome.js";

export default {
  async fetch() {
    await airwaybill.init(module);
    return Response.json(await outcome(airwaybill));
  },
};
