// A plan of 100,000 files: this package, what crosses the boundary included, against the engine as native code.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";

import { Catalog } from "../../../wasm/dist/node.js";
import { inTurn, median, root, write } from "./measure.mjs";

const FILES = 100_000;
const TIMES = 5;

const target = process.env.CARGO_TARGET_DIR ?? `${root}target`;
execFileSync("cargo", ["build", "-q", "--release", "-p", "airwaybill", "--example", "engine"], { cwd: root, stdio: "inherit" });

/** Two releases, as in core/benches/support/listing.rs. */
function makeListing() {
  const entry = (number) => {
    const [index, isNew] = [number >> 1, number % 2 === 1];
    const digits = (value, width) => String(value).padStart(width, "0");
    const path = `flash/lib/package_${digits(index % 997, 3)}/module_${digits(index, 7)}.py`;
    const content = isNew && index % 100 === 0 ? "changed" : path;
    return { path: `${isNew ? "1.0.1" : "1.0.0"}/${path}`, size: 4096, sha1: createHash("sha1").update(content).digest("hex") };
  };
  const order = Array.from({ length: 2 * FILES }, (_, number) => number);
  let state = 0x9e3779b97f4a7c15n;
  for (let last = order.length - 1; last > 0; last -= 1) {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    const other = Number((state >> 33n) % BigInt(last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order.map(entry);
}

const listing = makeListing();
const catalog = Catalog.fromListing(listing);
const read = (plan) => plan.delete.length + plan.new.length + plan.update.length;
const steps = {
  catalog: () => Catalog.fromListing(listing).free(),
  update: () => read(catalog.plan({ current: "1.0.0" })),
  install: () => read(catalog.plan()),
  manifest: () => catalog.manifestJson({}, { baseUrl: "http://192.168.1.144:8000" }),
};

/** The median of a step's times, in seconds. */
async function timed(work) {
  const times = [];
  for (let count = 0; count < TIMES; count += 1) {
    const start = performance.now();
    work();
    times.push((performance.now() - start) / 1000);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return median(times);
}

const program = `${target}/release/examples/engine`;
const [native, here] = await inTurn({
  native: () => JSON.parse(execFileSync(program, [String(FILES), String(TIMES), ...Object.keys(steps)], { encoding: "utf8" })),
  here: async () => {
    const times = {};
    for (const [name, work] of Object.entries(steps)) times[name] = await timed(work);
    return times;
  },
});
const milliseconds = here.map((times) => times.update * 1000);
const rates = (rounds, step) => rounds.map((times) => 1 / times[step]);
write(
  "npm-plan",
  {
    ...Object.fromEntries(Object.keys(steps).map((step) => [step, { ours: rates(here, step), peer: rates(native, step) }])),
    update: { ours: milliseconds },
  },
);
