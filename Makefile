# `make run` opens the app; `make test` checks everything, `make quick` all that needs neither a server nor a
# browser; each sets up what it needs in .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test quick check browser bench load clean

run: .venv/app
	ATTNLIT_ANY_MODEL=1 $(BIN)/streamlit run streamlit_app.py

test: quick browser
	$(BIN)/python -m pytest -m server

quick: .venv/dev check
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not server"

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

browser: .venv/dev
	sh tests/browser/install.sh $(BIN)/playwright

# attnlit beside BertViz, into benchmarks/results.md: about twenty minutes on a quiet machine.
bench: .venv/bench browser
	$(BIN)/python -m benchmarks.bertviz

# Many visitors at once, over Streamlit's own websocket, and a soak: about 35 minutes on a quiet machine.
load: .venv/dev
	$(BIN)/python -m benchmarks.load --together 30 --sessions 1 10 30 100
	$(BIN)/python -m benchmarks.load --lesson all --sessions 30 --soak 15

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "attnlit needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/app: .venv/bin/python requirements.txt
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch .venv/app

.venv/dev: .venv/app pyproject.toml
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	touch .venv/dev

.venv/bench: .venv/dev benchmarks/requirements.txt
	$(BIN)/python -m pip install --quiet -r benchmarks/requirements.txt
	touch .venv/bench

clean:
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .import_linter_cache build *.egg-info
