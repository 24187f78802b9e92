# Every task of the project by one name. Needs Python >= 3.11, pip and make, nothing else.
#   make PYTHON=python3.13 venv      another interpreter (after `make clean`)
#   make pytest ARGS="-n 2 -k fft"   more arguments for pytest

PYTHON ?= python3
ARGS ?=
BIN = .venv/bin
PIP = $(BIN)/python -m pip install

export MPLBACKEND = Agg
# numba's cache does not notice an edit in another module: one cache for each state of src.
export NUMBA_CACHE_DIR := $(CURDIR)/.cache/numba/$(shell find src -name '*.py' | LC_ALL=C sort | xargs cat | cksum | cut -d ' ' -f 1)

.PHONY: help venv demo test lint types floors review doctest bench-smoke pytest \
	bench bench-zfit coverage docs clean
.NOTPARALLEL: # pytest comes last, so that the output ends in its summary

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' Makefile

venv: .venv/stamp-test ## create .venv with all that the checks need

# The stock pip may be too old for dependency groups (25.1).
.venv/stamp-pip:
	$(PYTHON) -m venv .venv
	$(PIP) --upgrade "pip>=25.1"
	@touch $@

.venv/stamp-demo: .venv/stamp-pip pyproject.toml
	$(PIP) --editable ".[all]"
	@touch $@

.venv/stamp-test: .venv/stamp-pip pyproject.toml
	$(PIP) --editable ".[all]" --group test --group peers --group bench
	@touch $@

.venv/stamp-docs: .venv/stamp-pip pyproject.toml
	$(PIP) --editable ".[all]" --group docs
	@touch $@

.venv-zfit/stamp: pyproject.toml
	$(PYTHON) -m venv .venv-zfit
	.venv-zfit/bin/python -m pip install --upgrade "pip>=25.1"
	.venv-zfit/bin/python -m pip install --editable . --group bench --group zfit
	@touch $@

demo: .venv/stamp-demo ## from real data to a density: three figures in demo/
	@mkdir -p demo
	$(BIN)/python examples/digits.py --output demo/digits.png
	$(BIN)/parzen plot examples/data/old_faithful.csv --column waiting --output demo/old_faithful.png
	$(BIN)/python examples/mixture.py --output demo/mixture.png

test: lint types floors review doctest bench-smoke pytest ## every check, pytest last

lint: .venv/stamp-test ## style, format, spelling, docstring sections
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell src tests bench examples docs *.md pyproject.toml Makefile
	find src -name '*.py' | xargs $(BIN)/numpydoc lint

types: .venv/stamp-test ## mypy, strict, on src
	$(BIN)/mypy

floors: .venv/stamp-test ## imports go down only
	$(BIN)/lint-imports --no-cache --no-logo

review: .venv/stamp-test ## scientific-python's rules for a repository
	$(BIN)/sp-repo-review .

doctest: .venv/stamp-test ## the examples in docstrings, README and docs
	$(BIN)/python -m pytest --doctest-modules --doctest-glob="*.md" -p no:randomly --ignore=docs/conf.py --ignore=docs/auto_examples --ignore=docs/_build src README.md docs

bench-smoke: .venv/stamp-test ## every benchmark once, at toy size
	$(BIN)/python bench/run.py --smoke

pytest: .venv/stamp-test ## the tests; a missing peer is an error, not a skip
	PARZEN_REQUIRE_PEERS=1 $(BIN)/python -m pytest $(ARGS)

bench: .venv/stamp-test ## the full comparison with the peers (half an hour)
	$(PIP) --group bench-compiled
	$(BIN)/python bench/run.py --readme README.md docs/accuracy.md docs/bandwidth.md docs/engines.md docs/distribution.md
	$(BIN)/python bench/figure.py

# After `bench`, which writes "not measured" where this writes numbers.
bench-zfit: .venv-zfit/stamp ## the two comparisons with zfit (TensorFlow; minutes)
	.venv-zfit/bin/python bench/run.py --only grid_1e6 mise --readme README.md docs/accuracy.md

# Coverage cannot see into compiled loops: run them as plain Python. The compiled run is
# the one that counts; this one leaves out what would take for ever.
coverage: .venv/stamp-test ## branch coverage, without compilation
	NUMBA_DISABLE_JIT=1 $(BIN)/coverage run -m pytest -m "not slow and not statistical and not peers" $(ARGS)
	$(BIN)/coverage report

docs: .venv/stamp-docs ## the pages, in docs/_build
	$(BIN)/sphinx-build -n -W -b html docs docs/_build

clean: ## remove all that make made
	rm -rf .venv .venv-zfit .cache demo docs/_build docs/auto_examples .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests bench examples docs -name __pycache__ -prune -exec rm -rf {} +
