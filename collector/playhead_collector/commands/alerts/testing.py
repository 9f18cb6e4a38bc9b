"""`playhead alerts test CASE…`: rules against recorded runs, for CI; needs no collector and no store.

A case is a TOML file beside the runs that it names:

    rule = "repeated_call"
    runs = ["looping.otlp"]
    parameters = { repeats = 3 }
    later = "10m"
    finds = [{ tool = "get_order", value = 5 }]
"""

from __future__ import annotations

import argparse
import math
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from playhead.errors import PlayheadError, UsageError
from playhead_collector.alerts.ask import Finding, Moment, ask
from playhead_collector.alerts.changed import changed_runs, store_time
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.rule_file import duration
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.commands.alerts.common import add_rules_argument, check_parameters, rules_of
from playhead_collector.commands.common import add_json_argument, said_by_engine, say, write_json
from playhead_collector.commands.importing import store_files
from playhead_collector.store.address import parse_address
from playhead_collector.store.store import Store

_BEGINNING = datetime(1971, 1, 1, tzinfo=UTC)


class Case(BaseModel):
    """What a rule is to find in runs: each entry matches one finding by the columns named, and none is left over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    runs: list[str] = Field(min_length=1)
    parameters: dict[str, str | int | float] = Field(default_factory=dict)
    later: str = "0s"
    finds: list[dict[str, str | int | float]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Runs are files as 'playhead export' writes them, or OTLP/JSON."
    add_rules_argument(parser)
    add_json_argument(parser)
    parser.add_argument("cases", nargs="+", type=Path, metavar="CASE", help="a case's TOML file, or a folder of them")


def run(arguments: argparse.Namespace) -> int:
    rules = {rule.name: rule for rule in rules_of(arguments).rules}
    files = [
        file for given in arguments.cases for file in (sorted(given.glob("*.toml")) if given.is_dir() else [given])
    ]
    if not files:
        raise UsageError("there is no case: a case is a TOML file, or a folder of them")
    wrong: dict[Path, str] = {}
    with tempfile.TemporaryDirectory(prefix="playhead-alerts-") as folder:
        store = Store(parse_address(f"chdb://{folder}/store"))
        try:
            recorded = _Recorded(store)
            for file in files:
                try:
                    reason = _try(recorded, file, _read(file), rules)
                except (PlayheadError, OSError) as error:
                    reason = str(error)
                except ClickHouseError as error:
                    reason = said_by_engine(str(error))
                if reason:
                    wrong[file] = reason
        finally:
            store.close()
    if arguments.json:
        write_json({"case": str(file), "passed": file not in wrong, "reason": wrong.get(file)} for file in files)
    for file, reason in wrong.items():
        say(f"{file}: {reason}")
    say(f"{len(files) - len(wrong)} of {len(files)} cases pass")
    return 1 if wrong else 0


def _read(file: Path) -> Case:
    try:
        return Case(**tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"it cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


class _Recorded:
    """The runs that cases name: stored once, whichever and however many cases name them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._projects: dict[tuple[Path, ...], str] = {}
        self._numbers = count()

    def reader(self, files: Sequence[Path]) -> Client:
        """Of a project that holds the runs in these files and no others."""
        project = self._projects.get(tuple(files))
        if project is None:
            project = f"case{next(self._numbers)}"
            store_files(self._store, project, list(files))
            self._projects[tuple(files)] = project
        return self._store.reader(project)


def _try(recorded: _Recorded, file: Path, case: Case, rules: Mapping[str, Rule]) -> str:
    """Why a case does not pass; empty where it does."""
    if case.rule not in rules:
        raise UsageError(f"there is no rule {case.rule!r}, or it is broken; 'playhead alerts check' says")
    try:
        later = duration(case.later)
    except ValueError as error:
        raise UsageError(f"later: {error}") from None
    check_parameters(rules[case.rule], case.parameters.items())
    files = [file.parent / name for name in case.runs]
    missing = next((run for run in files if not run.is_file()), None)
    if missing is not None:
        raise UsageError(f"runs: there is no file {missing}; they are named from the case's folder")
    client = recorded.reader(files)
    ruling = Ruling(rules[case.rule], {name: str(value) for name, value in case.parameters.items()})
    moment = Moment(store_time(client) + later, sorted(changed_runs(client, _BEGINNING)))
    return _compared(case, ask(client, ruling.admitted(client), moment, ruling.chosen))


def _compared(case: Case, found: list[Finding]) -> str:
    left = list(found)
    for wanted in case.finds:
        match = next((one for one in left if all(_is(one, name, value) for name, value in wanted.items())), None)
        if match is None:
            return f"{case.rule} does not find {dict(wanted)}; it finds {_told(left) or 'nothing'}"
        left.remove(match)
    return f"{case.rule} also finds: {_told(left)}" if left else ""


def _is(finding: Finding, name: str, wanted: str | int | float) -> bool:
    if name != "value":
        return _columns(finding).get(name) == str(wanted)
    try:
        figure = float(wanted)
    except (ValueError, OverflowError):
        return False
    return math.isclose(finding.value, figure) or (math.isnan(finding.value) and math.isnan(figure))


def _columns(finding: Finding) -> dict[str, str]:
    return {
        **finding.labels,
        **dict(finding.group),
        "run_id": finding.run_id,
        "step_id": finding.step_id,
        "summary": finding.summary,
    }


def _told(findings: Sequence[Finding]) -> str:
    return "; ".join(f"{one.summary} (value {one.value:.12g})" for one in findings)
