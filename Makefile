# `make setup | check | test | demo | bench`; every target installs what it needs first.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup test check lint screens screenshots demo bench proof clean constraints
setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Playhead needs Python 3.11 or newer") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

test: setup
	$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

# The pictures that tests of the terminal interface compare with; look at what changed.
screens: setup
	PLAYHEAD_WRITE_SCREENS=1 $(BIN)/python -m pytest -q tests/tui

# The pictures of the README.
screenshots: setup
	$(BIN)/python -m tests.tui.pictures

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports

check: lint test

$(VENV)/.frameworks: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,frameworks]'
	@touch $@

proof-frameworks proof-replay: $(VENV)/.frameworks

# In an environment of its own: it brings a plugin of pytest's.
$(VENV)-attack/.installed: tests/proof/attacks/requirements.txt $(STAMP)
	$(PYTHON) -m venv $(VENV)-attack
	$(VENV)-attack/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r $<
	@touch $@

proof-security: $(VENV)-attack/.installed

demo: setup
	$(BIN)/playhead demo

bench: bench-ingest bench-queries bench-replay
bench-%: setup
	$(BIN)/python -m tests.bench.$*

proof: proof-collector proof-replay
proof-%: setup
	$(BIN)/python -m pytest -q -s --timeout=3600 $(wildcard tests/proof/test_$*.py tests/proof/test_$*_*.py)

# Property tests, each with many examples and other ones every time; the suite has the same few each time.
proof-properties: setup
	PLAYHEAD_SEARCH=1 $(BIN)/python -m pytest -q -n 2 --timeout=3600 -m hypothesis

constraints: $(VENV)/.frameworks
	$(BIN)/python -m pip freeze --exclude-editable --disable-pip-version-check | grep -v '@' > constraints.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
