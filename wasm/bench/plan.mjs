// A plan of 100,000 files: this package, what crosses the boundary included, against the engine as native code.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

import { Catalog } from "../dist/node.js";

const FILES = 100_000;
const ROUNDS = Number(process.env.ROUNDS ?? 31);
const BAR = 0.5;

const root = fileURLToPath(new URL("../..", import.meta.url));
const native = JSON.parse(
  execFileSync("cargo", ["run", "-q", "--release", "-p", "airwaybill-wasm", "--example", "native_plan", "--", String(FILES), String(ROUNDS)], {
    cwd: root,
    encoding: "utf8",
  }),
);

// The same listing as in native_plan.rs.
const digits = (number, width) => String(number).padStart(width, "0");
const entry = (version, index, content) => {
  const [folder, module] = [digits(Math.floor(index / 1000), 3), digits(index % 37, 3)];
  const path = `${version}/flash/lib/package_${folder}/module_${module}/file_${digits(index, 6)}.py`;
  return { path, size: 1000 + index, sha1: createHash("sha1").update(`${index} ${content}`).digest("hex") };
};
const listing = Array.from({ length: FILES }, (_, index) => [
  entry("1.0.0", index, 0),
  entry("1.0.1", index, index % 100 === 0 ? 1 : 0),
]).flat();

const rest = () => new Promise((resolve) => setTimeout(resolve));
const best = async (work) => {
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    work();
    times.push(performance.now() - start);
    await rest();
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
};
const read = (plan) => plan.delete.length + plan.new.length + plan.update.length;

const catalog = Catalog.fromListing(listing);
const rendering = { baseUrl: "http://192.168.1.144:8000" };
const measured = {
  catalog: await best(() => Catalog.fromListing(listing).free()),
  update: await best(() => read(catalog.plan({ current: "1.0.0" }))),
  install: await best(() => catalog.plan()),
  "install, lists read": await best(() => read(catalog.plan())),
  manifest: await best(() => catalog.manifestJson({}, rendering)),
};
const against = { ...native, "install, lists read": native.install };
for (const [name, time] of Object.entries(measured)) {
  const ratio = against[name] / time;
  console.log(`${name}: native ${against[name].toFixed(2)} ms, here ${time.toFixed(2)} ms, ratio ${ratio.toFixed(2)}`);
}
if (against.update / measured.update < BAR) {
  console.log(`a plan of ${FILES} files is below ${BAR} of native speed`);
  process.exitCode = 1;
}
