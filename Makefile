# What a new user types. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DAGSTER_HOME := $(CURDIR)

.PHONY: help demo test ui lint browser-test docs clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.demo: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo]'
	touch $@

$(VENV)/.test: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@

demo: $(VENV)/.demo ## build the sample through every stage to a release, and recheck its links
	$(BIN)/imgtext demo

ui: $(VENV)/.demo ## serve the sample web and the Dagster UI on the demo's instance
	@$(BIN)/dagster instance info >/dev/null
	@$(BIN)/python -m imgtext_assets.demo.serve & web=$$!; trap "kill $$web 2>/dev/null" EXIT INT TERM; \
	$(BIN)/dagster dev

test: $(VENV)/.test ## install what tests need and run them all but the browser's
	$(BIN)/python -m pytest -m "not browser"

browser-test: $(VENV)/.test ## drive the real UI; needs Chromium
	$(BIN)/python -m pytest -m browser

lint: $(VENV)/.test ## style, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

docs: $(VENV)/.test ## write the data dictionary and the command line's reference anew
	$(BIN)/python docs/generate.py

clean: ## remove what the demo built (not the installation)
	rm -rf data/lake data/sample history storage schedules logs backfill .logs_queue .nux .telemetry
