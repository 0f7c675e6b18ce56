import { existsSync } from "node:fs";

import { BUILT } from "./places.js";

export default function setup(): void {
  if (!existsSync(`${BUILT}/index.html`)) throw new Error("the page is not built: npm run build");
}
