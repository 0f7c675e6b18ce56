// Builds dist/: the modules, their JavaScript and types, and the hand-written modules beside them.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { fileURLToPath } from "node:url";

import { transformSync } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../target", import.meta.url));
const run = (program, options) => execFileSync(program, options, { cwd: here, stdio: "inherit" });
const tool = (name) => fileURLToPath(new URL(`node_modules/.bin/${name}`, import.meta.url));

run("cargo", ["build", "-q", "--locked", "--release", "-p", "airwaybill-bindgen"]);

// The texts of panics name files, which no one needs from this machine's root on.
const sysroot = execFileSync("rustc", ["--print", "sysroot"], { cwd: here, encoding: "utf8" }).trim();
const cargoHome = process.env.CARGO_HOME ?? `${homedir()}/.cargo`;
const crates = readdirSync(`${cargoHome}/registry/src`).map((registry) => `${cargoHome}/registry/src/${registry}`);
const remapped = [sysroot, ...crates].map((folder) => `--remap-path-prefix=${folder}=`);
// SHA-256 in a loop, not unrolled, which is 6 KB more.
const flags = [...remapped, "--cfg", 'sha2_backend_soft="compact"'];
const config = `target.wasm32-unknown-unknown.rustflags=${JSON.stringify(flags)}`;
const profile = ["--profile", "wasm", "--target", "wasm32-unknown-unknown"];
const generator = `${target}/release/airwaybill-bindgen`;
const isOlder = (file, ...sources) =>
  !existsSync(file) || sources.some((source) => statSync(source).mtimeMs > statSync(file).mtimeMs);

rmSync(`${here}dist`, { recursive: true, force: true });
// One after the other: built at once, each would have what the other wants of the engine.
for (const [crate, name] of [["airwaybill-wasm", "engine"], ["airwaybill-patches-wasm", "delta"], ["airwaybill-report-wasm", "reporting"]]) {
  run("cargo", ["build", "-q", "--locked", "--config", config, ...profile, "-p", crate]);
  const built = `${target}/wasm32-unknown-unknown/wasm/${crate.replaceAll("-", "_")}.wasm`;
  const generated = `${target}/npm/${name}`;
  const module = `${generated}/${name}_bg.wasm`;
  if (isOlder(module, built, generator, fileURLToPath(import.meta.url))) {
    rmSync(generated, { recursive: true, force: true });
    mkdirSync(generated, { recursive: true });
    run(generator, [built, generated, name]);
    // What the compiler uses by itself, all of it in every browser and Node of the last years.
    const features = ["bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext"];
    run(tool("wasm-opt"), [...features.map((name) => `--enable-${name}`), "-Oz", "--strip-target-features", module, "-o", module]);
  }
  for (const file of [`${name}.d.ts`, `${name}_bg.wasm`]) {
    cpSync(`${generated}/${file}`, `${here}dist/${file}`, { preserveTimestamps: true });
  }
  // The generated entry would load the module by its own ways; what is in js/ does.
  cpSync(`${generated}/${name}_bg.js`, `${here}dist/${name}.js`, { preserveTimestamps: true });
}
run(tool("tsc"), []);
for (const name of readdirSync(`${here}dist`).filter((name) => name.endsWith(".js"))) {
  const { code } = transformSync(readFileSync(`${here}dist/${name}`, "utf8"), { minifyWhitespace: true });
  writeFileSync(`${here}dist/${name}`, code);
}
