# Thin recipes; what a recipe needs it installs. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
VENV   ?= .venv
PY     := $(VENV)/bin/python
BUNDLE ?= models/credit
DATA   ?= models/credit/applicants.csv
LISTEN ?= 127.0.0.1:8080
CARGO  := cargo
WASM_TARGET := rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown

.PHONY: help setup wasm build demo serve page test test-rust test-js python test-python test-conformance test-exports models exports bench bench-ready bench-quick lint deny clean

help: ## list the recipes
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: ## the wasm target (Rust, Python and Node are taken as given)
	@$(WASM_TARGET)

demo: setup ## score applicants with `credit` and customers with `customer360`: make demo [DATA=file.csv] [BUNDLE=folder]
	$(CARGO) run --quiet --release -p scorebox --no-default-features --features cli,server -- \
	  score --bundle $(BUNDLE) --input $(DATA) --format table
	$(CARGO) run --quiet --release -p scorebox --no-default-features --features cli,server -- \
	  score --bundle models/customer360 --input models/customer360/customers.csv --now 2026-11-23T09:00:00Z --format table

wasm: setup ## dist/scorebox.wasm and dist/scorebox-full.wasm
	$(CARGO) run --quiet --release -p scorebox-wasm-build -- dist

build: setup ## the `scorebox` command, with both modules inside
	$(CARGO) build --release -p scorebox

serve: build page ## the server and the demo page on http://127.0.0.1:8080
	target/release/scorebox serve --bundle credit=models/credit --assets bindings-js/demo/dist --listen $(LISTEN)

bindings-js/node_modules: bindings-js/package-lock.json
	cd bindings-js && npm ci --no-audit --no-fund
	touch $@

page: wasm bindings-js/node_modules ## the npm package and the demo page
	cd bindings-js && npm run build

test: test-rust test-js test-python test-conformance test-exports ## every test of every host, browser included

test-rust: setup
	RUST_MIN_STACK=33554432 $(CARGO) test -p scorebox-core -p scorebox-wasm --features authoring # unoptimised parsing is deep
	$(CARGO) test --release -p scorebox -p scorebox-tests -p scorebox-abi -p scorebox-wasm-build

test-js: build page
	./bindings-js/test/chromium.sh
	cd bindings-js && npm test

$(VENV)/.ready: bindings-py/requirements-test.txt
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet -r $<
	touch $@

python: setup $(VENV)/.ready
	$(PY) -m pip install --quiet --force-reinstall --no-deps -C build-args="--features one-build" ./bindings-py

test-python: python
	$(PY) -m pytest -q bindings-py/tests models/tests
	$(PY) -m mypy.stubtest scorebox --allowlist bindings-py/stubtest-allowlist.txt

test-conformance: python ## the standard's node tests and hostile models, through the module
	$(PY) -m tests.conformance.run
	$(PY) -m tests.hostile.run

MODELS_DATA ?= data
models: python ## retrain every reference bundle: make models MODELS_DATA=folder with the public sets
	$(PY) -m pip install --quiet -r models/training/requirements.txt
	$(PY) models/retrain.py $(MODELS_DATA)

$(VENV)/.exports: tests/exports/requirements.txt $(VENV)/.ready
	$(PY) -m pip install --quiet -r $<
	touch $@

test-exports: python $(VENV)/.exports ## the representative part of `make exports`
	$(PY) -m tests.exports.run --quick

exports: python $(VENV)/.exports ## real exports against onnxruntime and the libraries that trained them
	$(PY) -m tests.exports.run

BENCH := target/bench
$(BENCH)/.ready: tests/bench/requirements.txt tests/bench/requirements-lleaves.txt
	$(PYTHON) -m venv $(BENCH)/venv
	$(BENCH)/venv/bin/python -m pip install --quiet -r tests/bench/requirements.txt
	$(PYTHON) -m venv $(BENCH)/lleaves
	$(BENCH)/lleaves/bin/python -m pip install --quiet -r tests/bench/requirements-lleaves.txt
	touch $@

bench-ready: setup $(BENCH)/.ready
	$(BENCH)/venv/bin/python -m pip install --quiet --force-reinstall --no-deps -C build-args="--features one-build" ./bindings-py

RUN_BENCH := $(BENCH)/venv/bin/python -m tests.bench.run --folder $(BENCH) --lleaves $(BENCH)/lleaves/bin/python

bench: bench-ready ## scorebox beside its peers: a table of ratios in target/bench/full/report
	$(RUN_BENCH)

bench-quick: bench-ready ## the same on small models: does everything run and agree? Its times mean nothing
	$(RUN_BENCH) --quick

lint: setup bindings-js/node_modules $(VENV)/.ready ## rustfmt, clippy, ruff, mypy, biome, tsc
	$(CARGO) fmt --check
	$(CARGO) clippy --release --workspace --all-targets -- -D warnings
	$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	cd bindings-py && ../$(VENV)/bin/mypy python
	cd bindings-js && npm run lint

deny: ## the dependency rules of deny.toml
	cargo deny --version >/dev/null 2>&1 || $(CARGO) install cargo-deny --locked --version 0.20.2
	cargo deny check bans licenses sources

clean: ## everything that was built
	$(CARGO) clean
	rm -rf dist $(VENV) bindings-js/node_modules bindings-js/dist bindings-js/demo/dist
