import { init, report } from "airwaybill/report";

await init();
await fetch("/outcome", { method: "POST", body: JSON.stringify(report(null)) });
