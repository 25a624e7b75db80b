# `make` shows what there is. Every target is one or two commands, which work by hand as well (see README).

BIN := .venv/bin
# pytest options for `make test`, e.g. make test ARGS="tests/ledger -k reversal"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/installed ## Make .venv with the locked packages (needs Python >= 3.11)

.venv/installed: requirements.lock pyproject.toml
	@sh scripts/setup.sh

demo: setup ## Load two networks of real villages, print their reports, serve at http://127.0.0.1:8000
	$(BIN)/agentnet demo

test: setup ## Run the whole suite on SQLite and PostgreSQL, browser tests included (ARGS="-k visits")
	$(BIN)/python -m pytest -n logical $(ARGS)

lint: setup ## Check style, types, layers and security
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive agentnet reports

bench: setup ## Measure posting and statements against their limits
	$(BIN)/agentnet bench posting
	$(BIN)/agentnet bench reconcile
	$(BIN)/agentnet bench statements

clean: ## Remove what the targets above made here (.venv, caches); databases stay
	rm -rf .venv .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
