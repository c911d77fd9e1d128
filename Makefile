# Everything a person or a machine does with this repository. `make` alone lists it.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
BENCH_STAMP := $(VENV)/.stamp-bench
PYTEST_ARGS ?= -n 2
SCENARIOS ?= 1000
KILLS ?= 100
SEED ?= 1
# `pip` must take what the lock names from wherever this machine is told to look, and nothing else.
INSTALL := -m pip install --quiet --disable-pip-version-check
# No index addresses in the lock: whoever installs says where packages come from.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench model simulate crash tryton lock clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMP) ## install into .venv, from the hashed lock

$(STAMP): requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) --require-hashes --only-binary :all: -r requirements/dev.txt
	$(BIN)/python $(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(BENCH_STAMP): $(STAMP) requirements/bench.txt
	$(BIN)/python $(INSTALL) --require-hashes -r requirements/bench.txt
	@touch $@

demo: $(STAMP) ## three systems and a ledger, brought into agreement on this machine
	$(BIN)/customer-sync demo --workspace build/demo

test: $(STAMP) ## the whole test suite
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(STAMP) ## lint, format, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## put the code into the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(BENCH_STAMP) ## measure, and compare with dlt
	$(BIN)/python -m bench

model: $(BENCH_STAMP) ## train the matching model anew on invented customers, and measure it
	$(BIN)/python -m bench.identity.train

simulate: $(STAMP) ## seeded scenarios, SCENARIOS=1000: lost, doubled, late, racing, stopped
	$(BIN)/python -m tests.simulation --scenarios $(SCENARIOS) --seed $(SEED) --processes 2

crash: $(STAMP) ## kill -9 of a syncing process, KILLS=100 times, on the embedded server
	$(BIN)/python -m tests.crash --kills $(KILLS) --seed $(SEED)

tryton: ## install the ERP that the `tryton` tests and the demo synchronize with
	bash scripts/tryton.sh

lock: $(STAMP) ## resolve the dependencies anew
	$(COMPILE) --upgrade pyproject.toml -o requirements/run.txt
	$(COMPILE) --upgrade pyproject.toml --group dev -o requirements/dev.txt
	$(COMPILE) --upgrade pyproject.toml --group dev --extra bench -o requirements/bench.txt
	$(COMPILE) --upgrade requirements/tryton.in -o requirements/tryton.txt
	! grep -nE '^ *-|://' requirements/*.txt | grep -v -- '--hash=sha256:'

clean: ## remove what was built, keep .venv
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
