PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
COMPLETE := .venv/.complete
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-header --no-emit-package denoising-pipeline pyproject.toml

FUZZ_SECONDS ?= 120

export DO_NOT_TRACK := 1
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help run test test-slow faults fuzz mutants audit sbom lint bench docs docs-serve pictures viz ui lock clean install dev

help:                 ## what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-14s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install          ## the whole pipeline on all of MNIST
	$(BIN)/kedro run

test: dev             ## every test but the long ones; COVERAGE=--cov: and how much of the code they reach
	$(BIN)/pytest $(COVERAGE) --numprocesses 2 --no-loadscope-reorder

test-slow: dev        ## the long ones, such as the package elsewhere
	$(BIN)/pytest --slow -m slow $(FAULTS) $(COVERAGE) --numprocesses 2 --no-loadscope-reorder

faults: dev           ## every fault of the table in tests/fault_table.py, injected
	$(BIN)/pytest --slow --faults only --numprocesses 2 --no-loadscope-reorder

fuzz: dev             ## any bytes to all that reads bytes of others; FUZZ_SECONDS=120
	$(BIN)/python tests/fuzz/run_fuzz.py --seconds $(FUZZ_SECONDS)

mutants: dev          ## small mistakes made in what must be right: which no test sees (an hour)
	$(BIN)/mutmut run --max-children 1
	$(BIN)/mutmut results

audit: dev            ## known vulnerabilities of what is installed, and risky code
	$(BIN)/ruff check --select S .
	$(BIN)/pip-audit --strict --disable-pip --no-deps --require-hashes -r requirements.lock || { \
	  echo "Not passed: known vulnerabilities, or the database could not be asked and nothing is known."; \
	  exit 1; }

sbom: dev             ## what the product is made of, as CycloneDX, in build/sbom.json
	mkdir -p build
	$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml \
	  --output-reproducible -o build/sbom.json

lint: dev             ## style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: dev            ## the short benchmarks; benchmarks/README.md has all of them
	$(BIN)/python benchmarks/overhead.py --env smoke
	$(BIN)/python benchmarks/article.py --images 20000

docs: dev             ## the documentation site, in build/site; it needs no network to be read
	$(BIN)/python docs/build_site.py

docs-serve: dev       ## the same, in the browser
	$(BIN)/python docs/build_site.py --serve

pictures: dev         ## the pictures of README and docs, anew, after a make run; Chromium is needed
	$(BIN)/python docs/pictures.py

viz: install          ## the pipeline's graph, in the browser
	$(BIN)/kedro viz run

ui: install           ## the tracked runs, in the browser
	@echo "The runs: http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning"
	$(BIN)/kedro mlflow ui

lock: dev             ## compile both locks anew from pyproject.toml
	$(COMPILE) --extra dev -o requirements.lock
	$(COMPILE) --extra viz --extra study --extra sound -c requirements.lock -o requirements-run.lock

clean:                ## remove what runs of the default recipe, smoke and photos wrote; raw data and tracked runs stay
	rm -rf data/0[2-8]_* data/photos data/photos_smoke data/smoke .viz build dist

install: $(INSTALLED) ## .venv with what runs take; run, viz and ui do it first
dev: $(COMPLETE)      ## .venv with what tests, docs and exports take, too; all others do it first

$(INSTALLED): LOCK := requirements-run.lock
$(COMPLETE): LOCK := requirements.lock
$(INSTALLED): requirements-run.lock pyproject.toml
$(COMPLETE): requirements.lock pyproject.toml
$(INSTALLED) $(COMPLETE):
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else \
	  "Python %d.%d is not supported: name a 3.11, 3.12 or 3.13, as in make PYTHON=python3.12" % v)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(LOCK)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(INSTALLED) $@
