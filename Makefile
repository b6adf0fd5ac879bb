# `make` or `make help` shows the menu. All that is needed: Python 3.11 or newer, make and git.

PYTHON ?= $(shell command -v python3.11 || command -v python3 || command -v python || echo python3)
VENV   ?= .venv
BIN    := $(VENV)/bin
STATIC := platform/amity/static
VENDOR := $(STATIC)/vendor/.stamp
READY  := $(VENV)/.ready

# Arguments of your own: make run ARGS="--port 8080", make test ARGS="-k import"
ARGS   ?=
# Two at a time; a module's tests stay together, so they share its databases and servers.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadscope

export PIP_DISABLE_PIP_VERSION_CHECK = 1
unexport PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help run install assets test test-fast lint format types bench screenshots clean

help: ## Show this menu
	@echo "Amity. Usage: make TARGET [ARGS=...]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install ## Start Amity with a demo organisation; prints the address and the sign-ins
	$(BIN)/amity serve --demo $(ARGS)

install: $(READY) $(VENDOR) ## Set up .venv with Amity, its tools and the browser files

assets: $(VENDOR) ## Bring the browser files up to date (after a change of icons.txt or package.json)

test: install ## Run the whole test suite
	$(PYTEST) $(ARGS)

test-fast: install ## Run the tests that take no browser and no more than seconds
	$(PYTEST) -m "not browser and not slow" $(ARGS)

lint: install ## Check style (ruff)
	$(BIN)/ruff check .

format: install ## Bring the Python code into its common form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: install ## Check types (mypy --strict)
	MYPYPATH=platform $(BIN)/python -m mypy --strict -p amity

bench: install ## Measure speed against hand-written endpoints (benchmarks/)
	$(BIN)/python -m benchmarks $(ARGS)

screenshots: install ## Take the pictures in docs/images anew
	AMITY_SCREENSHOTS=1 $(BIN)/python -m pytest -m browser tests/browser $(ARGS)

clean: ## Remove what was built; your data in amity-data stays
	rm -rf $(VENV) node_modules $(STATIC)/vendor build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis test-results

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Amity needs Python 3.11 or newer; '$(PYTHON)' is older or missing. Say which: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "No virtual environment could be made (Debian: apt-get install python3-venv)."; rm -rf $(VENV); exit 1; }
	@$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	@touch $@

$(READY): $(VENV)/.python pyproject.toml constraints.txt hatch_build.py
	@echo "Installing Amity into $(VENV) (the first time takes a minute) ..."
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable .
	@touch $(VENDOR) $@

# The build hook of the package makes them, with the machine's npm or one from a wheel.
$(VENDOR): $(STATIC)/icons.txt package.json package-lock.json hatch_build.py | $(READY)
	@echo "Making the browser files ..."
	@$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@
