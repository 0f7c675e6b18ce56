#!/usr/bin/env bash
# webpack 5.113.0 with the target "node": a named import of Worker from "node:worker_threads" is built into a broken program.
#
# `import { Worker } from "node:worker_threads"; new Worker(new URL("./worker.js", import.meta.url))` is how Node's documentation
# starts a worker. webpack exits with 0 and writes `new(require("node:worker_threads").Worker__webpack_require__.wc)(…)`: the name that
# replaces the import and the runtime's own worker constructor, both written over the one word `Worker`. The program ends at its
# start with "Cannot read properties of undefined (reading 'wc')". With the import from "worker_threads", without "node:", the same program works;
# in webpack 5.99.9 both do. A package that hashes in threads beside a WebAssembly module meets this in each of its users' bundles.
#
# Source: lib/dependencies/worker/WorkerDependency.js writes over `workerConstructorRange`, which
# lib/dependencies/worker/WorkerAndWorkletPlugin.js sets for a call of `Worker` that is not its syntax "Worker from worker_threads".
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm init -y > /dev/null
npm install --silent --no-audit --no-fund webpack@5.113.0 old@npm:webpack@5.99.9

mkdir src
cat > src/prefixed.mjs <<'EOF'
import { Worker } from "node:worker_threads";
new Worker(new URL("./worker.mjs", import.meta.url)).on("message", console.log);
EOF
sed 's/node:worker_threads/worker_threads/' src/prefixed.mjs > src/bare.mjs
cat > src/worker.mjs <<'EOF'
import { parentPort } from "node:worker_threads";
parentPort.postMessage("hello from the worker");
EOF
cat > build.cjs <<'EOF'
const [, , webpack, name] = process.argv;
const options = { mode: "production", target: "node", entry: `./src/${name}.mjs`, output: { path: `${__dirname}/${webpack}-${name}` } };
require(webpack)(options, (error, stats) => {
  if (error || stats.hasErrors() || stats.hasWarnings()) throw error ?? new Error(stats.toString());
});
EOF

says() { # webpack, program, what its output has
  node build.cjs "$1" "$2"
  output=$(node "$1-$2/main.js" 2>&1 || true)
  case "$output" in
    *"$3"*) echo "$1, $2: $3" ;;
    *) echo "$1, $2: expected \"$3\", got: $output" >&2; exit 1 ;;
  esac
}

says old prefixed "hello from the worker"
says old bare "hello from the worker"
says webpack bare "hello from the worker"
says webpack prefixed "Cannot read properties of undefined (reading 'wc')"
grep -q 'Worker__webpack_require__\.wc' webpack-prefixed/main.js
