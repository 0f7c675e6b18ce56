// What a page loads, by `gzip -9`, in KB of 1,000 bytes.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

import { root, write } from "./measure.mjs";

const dist = `${root}wasm/dist/`;
const gzipped = (names) => execFileSync("gzip", ["-9"], { input: Buffer.concat(names.map((name) => readFileSync(dist + name))) }).length / 1000;
const page = readdirSync(dist).filter((name) => name.endsWith(".js") && !/node|manual|patches|delta|report|side-module/.test(name));

const sizes = { wasm: gzipped(["engine_bg.wasm"]), glue: gzipped(page), patches: gzipped(["delta_bg.wasm"]) };
write("npm-size", Object.fromEntries(Object.entries(sizes).map(([key, size]) => [key, { ours: [size] }])));
