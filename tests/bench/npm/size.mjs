// What a page loads, gzipped, in KB of 1,000 bytes.

import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { root, write } from "./measure.mjs";

const dist = `${root}wasm/dist/`;
const gzipped = (names) => gzipSync(Buffer.concat(names.map((name) => readFileSync(dist + name))), { level: 9 }).length / 1000;
const page = readdirSync(dist).filter((name) => name.endsWith(".js") && !/node|manual/.test(name));

write("npm-size", { wasm: { ours: [gzipped(["engine_bg.wasm"])] }, glue: { ours: [gzipped(page)] } });
