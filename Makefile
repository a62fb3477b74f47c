# Two commands matter: `make run` and `make test`. Each makes the environment in .venv by itself.
# Needed beforehand: python3 (3.11 or newer) with venv, and make.

PYTHON ?= python3
BIN := .venv/bin
# Twice as many workers as cores: much of what they do is to wait for other processes.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * len(os.sched_getaffinity(0)))' 2>/dev/null || echo auto)
MINUTES ?= 30
SECONDS ?= 600
ONLY ?=

.DEFAULT_GOAL := help
.PHONY: help run test check format lint types contracts coverage lock pictures faults faults-report mutants soak fuzz bench tables clean

help: ## say what each command does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

run: .venv/.runtime ## make the environment and start the demonstration (loopback providers, no one outside is reached)
	@echo 'Starting the demonstration: everything on this machine, nothing leaves it. Leave it with Ctrl+Q.'
	@$(BIN)/broadcaster demo

test: check ## make the environment and run every check and test
	@echo 'All checks and tests passed.'

check: lint types contracts coverage ## style, types, house rules, size budgets, tests with branch coverage

lint: .venv/.dev
	@echo '== style (ruff)'
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .

types: .venv/.dev
	@echo '== types (mypy strict, pyright strict)'
	@$(BIN)/mypy & mypy=$$!; $(BIN)/pyright; pyright=$$?; wait $$mypy && exit $$pyright

contracts: .venv/.dev
	@echo '== who may know whom (import-linter)'
	@$(BIN)/lint-imports

coverage: .venv/.dev
	@echo '== tests, with branch coverage'
	@$(BIN)/python -m compileall -q broadcaster channels tests  # once, not by each process that the tests start
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup --cov --cov-report=term:skip-covered -q

format: .venv/.dev ## put the code into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# Extras stay named in the locks: some pips take `coverage[toml]` for another package than `coverage==`, and an unpinned one.
lock: .venv/.dev ## renew the hash-locked requirements from pyproject.toml
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --upgrade --extra build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-strip-extras --quiet -o requirements.txt
	@$(BIN)/uv pip compile pyproject.toml --extra build --extra dev -c requirements.txt --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-strip-extras --quiet -o requirements-dev.txt
	@$(BIN)/uv pip compile pyproject.toml --extra build --extra dev --extra proof -c requirements-dev.txt --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-strip-extras --quiet -o requirements-proof.txt

pictures: .venv/.dev ## draw the README's pictures from the running program (needs Chromium)
	@$(BIN)/python docs/images/draw.py

faults-report: .venv/.dev ## which faults of the catalogue the tests cover, read from the tests themselves
	@$(BIN)/python -m tests.faults.loops.report

faults: .venv/.proof ## kill at every named point and at random, cut the power, and the peers in the same way: a table
	@$(BIN)/python -m tests.faults.loops.kill --json tests/faults/results.json

mutants: .venv/.proof ## change rules and classifier in one place at a time: a test must notice each change
	@$(BIN)/python -m tests.faults.loops.mutants

soak: .venv/.dev ## mix all faults at random against a stream of alerts for MINUTES, then check every invariant
	@$(BIN)/python -m tests.faults.loops.soak --minutes $(MINUTES)

fuzz: .venv/.proof ## fuzz every reader of foreign bytes, SECONDS each
	@$(BIN)/python -m tests.faults.loops.fuzz --seconds $(SECONDS)

bench: .venv/.proof ## measure against peers in the same run, print ratios, draw the charts; ONLY=pages for one
	@$(BIN)/python -m benchmarks $(ONLY)

tables: .venv/.dev ## write the README's tables of figures and faults anew from the committed results
	@$(BIN)/python -m docs.tables

clean: ## remove the environment and everything made
	rm -rf .venv build dist .coverage* .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@echo 'Making the environment in .venv (once; needs a package index or a wheel cache) ...'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@$(PYTHON) -m venv .venv

.venv/.runtime: requirements.txt pyproject.toml | .venv/bin/python
	@echo 'Installing what the program needs, checked by hash ...'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	@echo 'Installing what the tests need, checked by hash ...'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

.venv/.proof: requirements-proof.txt .venv/.dev
	@echo 'Installing peers and tools of the test bench, checked by hash ...'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-proof.txt
	@touch $@
