import { scene } from "./scene.js";

postMessage(await scene());
