# `make setup | check | test | test-long | demo | bench`; every target installs what it needs first.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TESTS := $(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder
# Of whole processes, or of every value through every door: nearly half of the suite's time, so whoever is in the middle of
# a change has the rest of it in minutes. What they are about, the others try in small; continuous integration runs both.
LONG := tests/e2e tests/collector/server/test_forms.py \
    $(addprefix tests/collector/store/, test_injection.py test_migrations.py test_payload_retention.py) \
    $(addprefix tests/sdk/, engine/test_programs.py engine/test_stress.py test_clients.py test_processes.py test_servers.py \
    test_transports.py) tests/replay/test_bisect.py tests/replay/test_pytest.py tests/tui/test_hostile.py tests/tui/test_keys.py

.PHONY: setup test test-long check lint screens screenshots demo bench proof clean constraints
.NOTPARALLEL:
setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Playhead needs Python 3.11 or newer") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

# Compiled once: where PYTHONDONTWRITEBYTECODE is set, each of the hundreds of processes that tests start compiles all that
# it imports, which was a quarter of the time of many.
test test-long: setup
	@$(BIN)/python -m compileall -q sdk collector replay tui tests
	$(TESTS) $(if $(findstring long,$@),$(LONG),$(LONG:%=--ignore=%))

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

check: lint test test-long

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

# One after the other, with the machine to itself; `make bench-NAME` runs any file of tests/bench by its name.
bench: bench-ingest bench-queries bench-replay bench-sdk bench-tui bench-alerts
bench-%: setup
	$(BIN)/python -m tests.bench.$*

# Hours: of these the SDK's, the alerts' and the soak take half an hour each, on two cores. `make proof-deploy` is not among
# them: it is for root, on a machine with podman and systemd.
proof: proof-collector proof-replay proof-sdk proof-lanes proof-servers proof-alerts proof-security proof-frameworks \
    proof-demo proof-properties proof-soak
proof-%: setup
	$(BIN)/python -m pytest -q -s --timeout=3600 $(wildcard tests/proof/test_$*.py tests/proof/test_$*_*.py)

# Property tests, each with many examples and other ones every time; the suite has the same few each time.
proof-properties: setup
	PLAYHEAD_SEARCH=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile --timeout=3600 -m hypothesis

constraints: $(VENV)/.frameworks
	$(BIN)/python -m pip freeze --exclude-editable --disable-pip-version-check | grep -v '@' > constraints.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
