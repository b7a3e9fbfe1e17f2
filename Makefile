# Everything goes through .venv, which each target makes where it is missing. Python 3.11 or newer; `make PYTHON=python3.12 …` picks another.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: install serve demo test quick check format coverage branches differential mutants bench clean help

help:            ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

install: $(VENV)/.installed   ## the program alone: .venv/bin/trailwarden

serve: install   ## start the server on embedded storage in ./data
	@$(BIN)/trailwarden serve --data data $(ARGS)

demo: install    ## the story: denied, told why, mended, retried, validated
	@$(BIN)/trailwarden demo $(ARGS)

test: $(VENV)/.developed   ## all tests
	@$(BIN)/pytest -n auto --dist worksteal $(ARGS)

quick: $(VENV)/.developed  ## unit tests and cases alone
	@$(BIN)/pytest -n auto tests/unit $(ARGS)

check: $(VENV)/.developed  ## format, lint, types, import direction
	@$(BIN)/ruff format --check src tests tools bench
	@$(BIN)/ruff check src tests tools bench
	@$(BIN)/mypy src tests
	@$(BIN)/lint-imports

format: $(VENV)/.developed ## put the code into shape
	@$(BIN)/ruff format src tests tools bench
	@$(BIN)/ruff check --fix src tests tools bench

coverage: install          ## docs/coverage.md from what is really built
	@$(BIN)/python -m tools.coverage

differential: $(VENV)/.developed  ## the engine against a naive evaluator, 100,000 random cases
	@$(BIN)/python -m tests.differential $(ARGS)

branches: $(VENV)/.developed   ## every branch of the engine is taken, or the run fails
	@$(BIN)/pytest -q -n auto tests/unit/policy tests/property/test_policy_laws.py tests/differential --cov=trailwarden.policy --cov-branch --cov-fail-under=100 $(ARGS)

mutants: $(VENV)/.developed    ## every one-place change of the engine is noticed or explained; writes docs/mutants.md, half an hour
	@$(BIN)/python -m tools.mutate $(ARGS)

bench: $(VENV)/.benched    ## ratios against peers and floors, all in one run
	@$(BIN)/python -m bench $(ARGS)

clean:           ## remove .venv
	rm -rf $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.developed: pyproject.toml | $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(VENV)/.benched: pyproject.toml | $(VENV)/.installed
	@$(BIN)/python -m venv $(VENV)/peers
	@$(VENV)/peers/bin/python -m pip install --quiet --disable-pip-version-check 'moto[server]==5.2.5' 'ministack==1.5.33'
	@touch $@
