# Everything a contributor needs. Each target does its own set-up into .venv; Python 3.11 and git are enough to begin.
# What is printed while setting up goes to standard error, so that `make demo ARGS="--json"` prints JSON and nothing else.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

ARGS ?=
ONLY ?=
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin

# The first Python on the path that is new enough.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)

# uv installs in seconds what takes pip a minute; where it cannot be had or fails, pip does the same. It trusts the
# certificates that the machine trusts, as pip does.
export UV_SYSTEM_CERTS ?= 1
install = { [ -x $(BIN)/uv ] && $(BIN)/uv pip install --quiet --python $(BIN)/python $(1); } >&2 \
	|| $(BIN)/python -m pip install --quiet --disable-pip-version-check $(1) >&2

.PHONY: help
help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{ printf "  make %-8s %s\n", $$1, $$2 }'
	@echo '  ARGS="…"      is passed on to demo, test and bench: make demo ARGS="--seconds 20 --json"'
	@echo '  ONLY="…"      names the scripts of bench: make bench ONLY="record request"'
	@echo '  JOBS=2        how many files of tests run side by side; 0 for one after the other in one process'

.PHONY: setup
setup: $(VENV)/.dev ## Install everything into .venv

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo 'Sightline needs Python 3.11 or newer; none was found. Install it, or say which: make PYTHON=/path/to/python3' >&2; exit 1; }
	@echo 'Making .venv…' >&2
	@$(PYTHON) -m venv $(VENV) >&2 || { echo 'Python could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv >&2 || echo 'uv is not to be had; pip does its work, more slowly.' >&2

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo 'Installing Sightline and its tools into .venv…' >&2
	@$(call install,-e '.[dev]')
	@touch $@

$(VENV)/.bench: pyproject.toml | $(VENV)/.dev
	@echo 'Installing the peers that the benchmarks compare with…' >&2
	@$(call install,-e '.[bench]')
	@touch $@

.PHONY: demo
demo: $(VENV)/.dev ## Start server, example shop and traffic; Ctrl-C stops all
	@exec $(BIN)/sightline demo $(ARGS)

.PHONY: test
test: $(VENV)/.dev ## Run every test
	@.ci/peers || echo 'Some programs that tests run could not be installed; their tests are left out.' >&2
	@.ci/chromium || true
	@exec $(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile $(ARGS)

.PHONY: check
check: $(VENV)/.dev ## Lint, format, types, layers, generated files and the committed dashboard
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python docs/reference/generate.py --check
	@command -v npm >/dev/null || { echo 'The dashboard is checked with Node.js 20.19 or newer, which was not found. Install it from https://nodejs.org.' >&2; exit 1; }
	@sh web/verify.sh

.PHONY: bench
bench: $(VENV)/.bench ## Compare with peers; each script prints a table
	@for script in $(or $(ONLY),record request start ingest storage search patterns visible memory durability burst profiler); do \
	  printf '\n== %s\n' "$$script" >&2; $(BIN)/python "benchmarks/$$script.py" $(ARGS); done

.PHONY: web
web: ## Build the dashboard into src/sightline/web
	@command -v npm >/dev/null || { echo 'The dashboard is built with Node.js 20.19 or newer, which was not found. Install it from https://nodejs.org.' >&2; exit 1; }
	@cd web && { [ -d node_modules ] || npm ci --no-audit --no-fund >&2; } && npm run build

.PHONY: docs
docs: $(VENV)/.dev ## Write the generated pages of docs/reference anew
	@$(BIN)/python docs/reference/generate.py

.PHONY: clean
clean: ## Remove .venv, caches and what was built
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build .demo web/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
