// Builds dist/: the module, its JavaScript and types, and the hand-written modules beside them.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import binaryen from "binaryen";
import { transformSync } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../target", import.meta.url));
const run = (program, options, env = {}) =>
  execFileSync(program, options, { cwd: here, stdio: "inherit", env: { ...process.env, ...env } });
const tool = (name) => fileURLToPath(new URL(`node_modules/.bin/${name}`, import.meta.url));

// The standard library is built with the module: for size, and without the texts of panics, which no caller would see. RUSTC_BOOTSTRAP
// lets the stable compiler do that.
const flags = ["-Zunstable-options", "-Cpanic=immediate-abort", "-Zlocation-detail=none"];
const std = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];
const config = `target.wasm32-unknown-unknown.rustflags=${JSON.stringify(flags)}`;
const profile = ["--profile", "wasm", "--target", "wasm32-unknown-unknown"];
run("cargo", ["build", "-q", "--locked", ...std, "--config", config, ...profile, "-p", "airwaybill-wasm"], {
  RUSTC_BOOTSTRAP: "1",
  // A caller's own would count instead of those here and in .cargo/config.toml.
  RUSTFLAGS: undefined,
  CARGO_ENCODED_RUSTFLAGS: undefined,
});
run("cargo", ["build", "-q", "--locked", "--release", "-p", "airwaybill-bindgen"]);

const built = `${target}/wasm32-unknown-unknown/wasm/airwaybill_wasm.wasm`;
const generator = `${target}/release/airwaybill-bindgen`;
const generated = `${target}/npm/engine`;
const module = `${generated}/engine_bg.wasm`;
const isOlder = (file, ...sources) =>
  !existsSync(file) || sources.some((source) => statSync(source).mtimeMs > statSync(file).mtimeMs);

if (isOlder(module, built, generator, fileURLToPath(import.meta.url))) {
  rmSync(generated, { recursive: true, force: true });
  mkdirSync(generated, { recursive: true });
  run(generator, [built, generated]);
  // The features that the compiler uses, all of them in every browser and Node of the last years.
  const features = ["bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext", "simd"];
  const strip = ["--strip-debug", "--strip-producers", "--strip-target-features"];
  // The first kilobyte of memory is the end of a megabyte of stack, which nothing comes near. Functions with one caller
  // stay apart: that compresses better.
  const options = ["-Oz", "--low-memory-unused", "--one-caller-inline-max-function-size=0"];
  // The linker exports it for its name; nothing but the engine calls it.
  const engine = binaryen.readBinary(readFileSync(module));
  engine.removeExport("memcmp");
  writeFileSync(module, engine.emitBinary());
  run(tool("wasm-opt"), [...features.map((name) => `--enable-${name}`), ...options, ...strip, module, "-o", module]);
}

rmSync(`${here}dist`, { recursive: true, force: true });
for (const name of ["engine.d.ts", "engine_bg.wasm", "codes.d.ts"]) {
  cpSync(`${generated}/${name}`, `${here}dist/${name}`, { preserveTimestamps: true });
}
// The generated entry would load the module by its own ways; js/start.ts does.
cpSync(`${generated}/engine_bg.js`, `${here}dist/engine.js`, { preserveTimestamps: true });
run(tool("tsc"), []);
for (const name of readdirSync(`${here}dist`).filter((name) => name.endsWith(".js"))) {
  const { code } = transformSync(readFileSync(`${here}dist/${name}`, "utf8"), { minifyWhitespace: true });
  writeFileSync(`${here}dist/${name}`, code);
}
