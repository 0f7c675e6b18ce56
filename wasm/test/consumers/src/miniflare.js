// Runs what wrangler built, in workerd.

import { Miniflare } from "miniflare";

const worker = new Miniflare({
  scriptPath: "dist/main.js",
  modules: true,
  modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
  compatibilityDate: "2026-01-01",
});
const response = await worker.dispatchFetch("http://localhost/");
console.log(await response.text());
await worker.dispose();
