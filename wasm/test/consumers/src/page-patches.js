import { applyPatch, init, makePatch } from "airwaybill/patches";

await init();
const [old, content] = ["led.on()\n", "led.off()\n"].map((text) => new TextEncoder().encode(text.repeat(99)));
const made = applyPatch(old, makePatch(old, content));
await fetch("/outcome", { method: "POST", body: JSON.stringify(new TextDecoder().decode(made)) });
