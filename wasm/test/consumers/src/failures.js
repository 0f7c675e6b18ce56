// The package in a bundle that lacks what it loads: each failure says what to do.

const failure = ({ code, message }) => ({ code, message });
const outcome = {};
outcome.entry = await import("airwaybill").catch(failure);

const { Version, hashFiles, init } = await import("airwaybill/manual");
const sources = [{ path: "1.0.0/main.py", file: new Blob(["content"]) }];
try {
  new Version("1.0.0");
} catch (error) {
  outcome.early = failure(error);
}
outcome.earlyHash = await hashFiles(sources).catch(failure);
if (globalThis.document === undefined) {
  console.log(JSON.stringify(outcome));
} else {
  outcome.nowhere = await init("nowhere.wasm").catch(failure);
  await init("engine.wasm");
  outcome.worker = await hashFiles(sources).catch(failure);
  outcome.inPlace = await hashFiles(sources, { concurrency: 0 });
  await fetch("/outcome", { method: "POST", body: JSON.stringify(outcome) });
}
