# Everything a person types. `make` alone lists it.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PORT ?= 8000
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# One target directory for cargo, for the wheel and for the WebAssembly builds.
export CARGO_TARGET_DIR := $(CURDIR)/target

RUST_SOURCES := Cargo.toml Cargo.lock core/Cargo.toml python/Cargo.toml $(shell find core/src python/src -name '*.rs')

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: serve
serve: $(VENV)/.package ## serve the example releases on port 8000 (PORT=… for another)
	$(BIN)/airwaybill serve examples/releases --port $(PORT)

.PHONY: test
test: lint test-rust test-python ## everything that is checked

$(VENV)/.package: python/pyproject.toml $(RUST_SOURCES)
	[ -x $(BIN)/python ] || python3 -m venv $(VENV)
	$(BIN)/pip install -q -e ./python
	touch $@

$(VENV)/.tools: requirements-dev.txt $(VENV)/.package
	$(BIN)/pip install -q -r requirements-dev.txt
	touch $@

.PHONY: lint
lint: $(VENV)/.tools ## format and lint, warnings are errors
	cargo fmt --all --check
	cargo clippy -q --workspace --all-targets -- -D warnings
	cd python && $(BIN)/ruff check . ../examples ../device && $(BIN)/ruff format --check . ../examples ../device
	cd python && $(BIN)/mypy airwaybill tests bench
	cd python && $(BIN)/python -m mypy.stubtest airwaybill._core

.PHONY: test-rust
test-rust: ## the engine: unit, property and vector tests, and that it builds for WebAssembly as it is
	cargo test -q -p airwaybill -p airwaybill-tests
	cargo build -q -p airwaybill --target wasm32-unknown-unknown

.PHONY: test-python
test-python: $(VENV)/.tools ## the Python package, the server over real sockets, the command line
	cd python && $(BIN)/pytest -q

.PHONY: bless
bless: ## write what the native engine gives as the vectors' expectations, to be reviewed as a diff
	BLESS=1 cargo test -q -p airwaybill-tests --test native

.PHONY: bench
bench: $(VENV)/.tools ## figures, as ratios to peers taken in the same run
	cargo bench -p airwaybill --bench engine
	cd python/bench && $(BIN)/python bench_engine.py && $(BIN)/python bench_scan.py && $(BIN)/python bench_server.py
