# What a new user types. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A file of tests runs in one process, so many files at a time: half of the time is waiting.
WORKERS ?= 3
PYTEST := $(BIN)/python -m pytest --dist loadfile
export DAGSTER_HOME := $(CURDIR)

.PHONY: help demo test s3-test years-test client-test ui lint browser-test docs clean
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

test: $(VENV)/.test ## install what tests need and run them all but the browser's, the S3 server's, the two years and other clients'
	$(PYTEST) -n $(WORKERS) -m "not browser and not swift and not years and not clients"

.venv-swift/.ready: imgtext_assets_tests/swift/requirements.txt
	test -x .venv-swift/bin/python || $(PYTHON) -m venv .venv-swift
	.venv-swift/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

s3-test: $(VENV)/.test .venv-swift/.ready ## the lake and the whole sample on a real S3 server, OpenStack Swift
	$(PYTEST) -n 2 -m swift

years-test: $(VENV)/.test ## two years of refresh, decay, takedowns and releases, with a clock of their own
	$(BIN)/python -m pytest -m years

.venv-clients/.ready: imgtext_assets_tests/clients/requirements.txt
	test -x .venv-clients/bin/python || $(PYTHON) -m venv .venv-clients
	.venv-clients/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

client-test: $(VENV)/.test .venv-clients/.ready ## releases loaded by TensorFlow Datasets, and fetched by img2dataset
	$(BIN)/python -m pytest -m clients

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
