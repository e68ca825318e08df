# make demo   the whole flow on simulated skeletons, in an environment of its own
# make test   lint, types and tests, in an environment of its own
# make quick  the fast tests alone
# make docs   the site, into build/site
# make pictures  trains the run of which the site's picture of attention is drawn
# make notebooks  runs the notebooks of the site and keeps what they show
# make release  wheel and sdist, each tried from nothing on every Python here (DEPENDENCIES=oldest: with the oldest allowed)
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
export HF_HUB_OFFLINE ?= 1

.PHONY: demo test quick lint types unit docs pictures notebooks release bench clean

demo: $(VENV)/.user
	$(BIN)/semtool demo

test: lint types unit

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

# The networks of the tests are too small to share among cores: each core has files of its own.
unit quick: export OMP_NUM_THREADS ?= 1
WORKERS := --numprocesses auto --maxprocesses 4 --dist loadfile
unit: $(VENV)/.dev
	$(BIN)/python -m pytest $(WORKERS)

quick: $(VENV)/.dev
	env -u SEMTOOL_DATA $(BIN)/python -m pytest $(WORKERS) tests/unit -m "not slow"

docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

pictures: $(VENV)/.dev
	$(BIN)/python docs/pictures.py

notebooks: $(VENV)/.dev
	$(BIN)/jupyter execute --inplace docs/notebooks/*.ipynb

release: $(VENV)/.dev
	BUILDER=$(BIN)/python .ci/release

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/zero_shot.py

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "semtool needs Python 3.11 or newer; set PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.user: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable '.[offline]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable '.[dev,offline,exchange,pictures,llm-test,ray]'
	@touch $@ $(VENV)/.user

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
