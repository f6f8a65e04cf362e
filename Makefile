# `make run` opens the app; `make test` checks everything; `make quick` opens each page once, and leaves out
# servers, browsers, most architectures and whatever takes seconds. Each sets up what it needs in .venv first.
# `make fix` mends what can be mended of the style.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
PIP := $(BIN)/python -m pip install --quiet

# Python keeps what it has compiled, whatever the environment says: tests start dozens of processes.
export PYTHONDONTWRITEBYTECODE :=

.NOTPARALLEL:
.PHONY: run test quick fix check unit server kernels newest system bench load docs pictures surveys clean

run: $(VENV)/app
	ATTNLIT_ANY_MODEL=1 $(BIN)/streamlit run streamlit_app.py --server.address localhost

# One failure hides no other: what is broken, and what is only a matter of style, is all said in one run.
test: $(VENV)/dev
	$(MAKE) --keep-going system all check

quick: $(VENV)/dev
	$(MAKE) --keep-going some check

fix: $(VENV)/dev
	-$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Two workers; who has no more tests takes some of the other's.
SIDE_BY_SIDE := -n 2 --dist worksteal
# What no browser looks at: to read the other tests takes seconds, in each worker.
HERE := --ignore=tests/browser

# A third one, as browsers wait as often as they work. `unit` and `server` are its two parts.
.PHONY: all
all: $(VENV)/dev system
	$(PYTEST) -n 3 --dist worksteal

.PHONY: some
some: $(VENV)/dev
	$(PYTEST) $(SIDE_BY_SIDE) -m "not server and not whole" $(HERE)

unit: $(VENV)/dev
	$(PYTEST) $(SIDE_BY_SIDE) -m "not server" $(HERE)

# The folders of all that starts servers and browsers.
SERVERS := tests/browser tests/deploy tests/scale
server: $(VENV)/dev system
	$(PYTEST) $(SIDE_BY_SIDE) -m server $(SERVERS)

# What the models compute, with the kernels of other processors: they add up in other orders. With the plainest
# ones all that no server needs: what is drawn of a number may change with its last digit.
OTHER_KERNELS := ATEN_CPU_CAPABILITY=default MKL_CBWR=COMPATIBLE ONEDNN_MAX_CPU_ISA=SSE41
kernels: $(VENV)/dev
	ATEN_CPU_CAPABILITY=default $(PYTEST) $(SIDE_BY_SIDE) -m numeric
	ATEN_CPU_CAPABILITY=avx2 $(PYTEST) $(SIDE_BY_SIDE) -m numeric
	$(OTHER_KERNELS) $(PYTEST) $(SIDE_BY_SIDE) -m "not server" $(HERE)
	OMP_NUM_THREADS=2 $(PYTEST) -m numeric

# The newest release of all that pyproject.toml allows, and the newest judges of style and types.
newest:
	$(MAKE) VENV=.venv-newest .venv-newest/bin/python
	.venv-newest/bin/python -m pip install --quiet --upgrade --upgrade-strategy eager \
		-e ".[app,test]" ruff mypy import-linter
	touch .venv-newest/app .venv-newest/dev
	$(MAKE) VENV=.venv-newest --keep-going unit check

# What tests need of the system: a browser and a proxy.
system: $(VENV)/dev
	sh tests/install.sh $(BIN)/playwright

# attnlit beside BertViz, the seconds to the first picture, and how far pages jump, into benchmarks/results.md:
# about half an hour on a quiet machine.
bench: $(VENV)/bench system
	$(BIN)/python -m benchmarks.bertviz
	$(BIN)/python -m benchmarks.first_picture
	$(BIN)/python -m benchmarks.layout_shift

# Many visitors at once, over Streamlit's own websocket, and a soak: about 35 minutes on a quiet machine.
load: $(VENV)/dev
	$(BIN)/python -m benchmarks.load --together 30 --sessions 1 10 30 100
	$(BIN)/python -m benchmarks.load --lesson all --sessions 30 --soak 15

# The documentation as a site, in build/docs; a broken link or reference ends it.
docs: $(VENV)/docs
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs build/docs

# The pictures of README, light and dark.
pictures: $(VENV)/app
	$(BIN)/python -m docs.pictures

# The surveys that travel with the bundled models: half an hour.
surveys: $(VENV)/dev
	$(BIN)/python -m training.surveys

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "attnlit needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/app: $(BIN)/python requirements.txt constraints.txt
	$(PIP) -r requirements.txt -c constraints.txt
	touch $@

$(VENV)/dev: $(VENV)/app pyproject.toml
	$(PIP) -e ".[dev]" -c constraints.txt
	touch $@

$(VENV)/docs: $(VENV)/dev
	$(PIP) -e ".[docs]" -c constraints.txt
	touch $@

$(VENV)/bench: $(VENV)/dev benchmarks/requirements.txt
	$(PIP) -r benchmarks/requirements.txt
	touch $@

clean:
	rm -rf .venv .venv-newest .pytest_cache .ruff_cache .mypy_cache .import_linter_cache build *.egg-info
