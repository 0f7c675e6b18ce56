# Everything a person types. `make` alone lists it.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# One target directory for cargo and for the wheel's build.
export CARGO_TARGET_DIR := $(CURDIR)/target

RUST_SOURCES := Cargo.toml Cargo.lock $(shell find core/src python/src -name '*.rs') core/Cargo.toml python/Cargo.toml

.PHONY: help serve test
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.requirements: requirements-dev.txt
	[ -x $(BIN)/python ] || python3 -m venv $(VENV)
	$(BIN)/pip install -q -r requirements-dev.txt
	touch $@

$(VENV)/.package: $(VENV)/.requirements python/pyproject.toml $(RUST_SOURCES)
	$(BIN)/pip install -q -e ./python
	touch $@

serve: $(VENV)/.package ## serve the example releases on port 8000 (PORT=… for another)
	$(BIN)/airwaybill serve examples/releases --port $(PORT)
