"""No value is ever SQL: whatever stands in a trace or is typed by a user, every query takes it as a value.

The queries themselves are looked at, too: a placeholder that is filled in as text has to be one that is known here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from tests.collector.database import StoreDatabase, fresh_database
from tests.collector.dialects.spans import span, traces

from playhead.errors import UsageError
from playhead_collector.read.filter import RunFilter
from playhead_collector.read.runs import list_runs
from playhead_collector.store.ddl import Form
from playhead_collector.store.engine import Engine
from playhead_collector.store.erase import Subject, erase, runs_of
from playhead_collector.store.query import load

HOSTILE = (
    "'",
    "''",
    "\\",
    "\\'",
    '"',
    "`",
    "' OR 1 = 1 --",
    "'; DROP TABLE step_rows; --",
    "{value:String}",
    "{{final}}",
    "/* */",
    "%",
    "a\nb",
    "a\tb\\tb",
    "a\0b",
    "\\N",
    "NULL",
    "[1]",
    "ä\u202e\u2028😀",
    " spaces ",
)
# These read what another query begins with, as the functions that ask them put it before them.
_BEGUN_BY = {"slo_budget": "slo_runs", "slo_levels": "slo_runs", "slo_trend": "slo_runs"}
# Filled in as text, from this program's own words; conditions are those of rules, which were admitted.
_PLACEHOLDERS = {"final", "parts", "detached_parts", "processes", "text", "conditions"}
_PARAMETER = re.compile(r"\{(\w+):([^{}]+)\}")


def queries() -> dict[str, str]:
    """Each as the store is asked it."""
    folder = files("playhead_collector.store") / "queries"
    names = {entry.name.removesuffix(".sql") for entry in folder.iterdir()} - set(_BEGUN_BY.values())
    return {name: (load(_BEGUN_BY[name]) if name in _BEGUN_BY else "") + load(name) for name in names}


def typed(kind: str, value: str) -> Any:
    """A value of a parameter's type that holds the text wherever one can stand."""
    kind = kind.strip()
    if kind.startswith("Array("):
        return [typed(kind.removeprefix("Array(").removesuffix(")"), value)]
    if kind.startswith("Tuple("):
        return tuple(typed(part, value) for part in kind.removeprefix("Tuple(").removesuffix(")").split(","))
    plain: dict[str, Any] = {"String": value, "Date": "2026-01-01", "Float64": 0.5}
    if kind in plain:
        return plain[kind]
    if kind.startswith("DateTime64"):
        return "2026-01-01 00:00:00.000000000"
    assert re.fullmatch(r"U?Int\d+", kind), f"a test value for {kind}?"
    return 1


@pytest.fixture(scope="module")
def database(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    """Of all tests here, with one innocent run in it."""
    with fresh_database(engine, tmp_path_factory.mktemp("injection")) as database:
        database.insert(traces(span("innocent", {"user.id": "bob"})))
        database.recompute()
        yield database


# Their values are patterns, made from what a user typed by the function that asks them.
_OF_PATTERNS = (
    "list_runs", "runs_conditions", "runs_with_words", "totals_of_runs", "facets_of_runs", "histogram_of_runs",
    "runs_with_score", "runs_with_label", "runs_with_note", "runs_with_permission", "runs_with_on_behalf_of",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(queries()) - set(_OF_PATTERNS)))
def test_every_query_takes_hostile_values_as_values(database: StoreDatabase, name: str) -> None:
    sql = queries()[name]
    for placeholder in re.findall(r"\{\{(\w+)\}\}", sql):
        assert placeholder in _PLACEHOLDERS
    sql = (
        sql.replace("{{processes}}", "system.processes")
        .replace("{{parts}}", "system.parts")
        .replace("{{detached_parts}}", "system.detached_parts")
    )
    sql = sql.replace("{{final}}", "FINAL").replace("{{conditions}}", "count() > 1")
    parameters = dict(_PARAMETER.findall(sql))
    takes_text = any("String" in kind for kind in parameters.values())
    for value in HOSTILE if takes_text else HOSTILE[:1]:
        given = {parameter: typed(kind, value) for parameter, kind in parameters.items()}
        if name == "bury":
            given["subject"] = "user"
        run = database.client.command if "INSERT INTO" in sql else database.client.query
        run(sql, parameters=given)
    assert [row["name"] for row in database.rows("SELECT name FROM steps")] == ["innocent"]


@pytest.mark.parametrize(
    "field",
    [
        "agent", "status", "user", "session", "version", "model", "tool", "run", "text", "label", "note", "dataset",
        "permission", "on_behalf_of",
    ],
)  # fmt: skip
def test_every_filter_of_runs_takes_hostile_values_as_values(database: StoreDatabase, field: str) -> None:
    assert len(list_runs(database.client, RunFilter())) == 1
    for value in HOSTILE:
        given: dict[str, Any] = {field: value}
        try:
            assert list_runs(database.client, replace(RunFilter(), **given)) == [], value
        except UsageError as refused:
            assert field == "text" and "holds no word" in str(refused)


def test_a_person_with_a_hostile_name_is_one_person(database: StoreDatabase) -> None:
    for value in HOSTILE:
        theirs = span("theirs", {"user.id": value})
        database.insert(traces(theirs))
        run_id = theirs.trace_id.hex()
        [stored] = database.rows("SELECT user FROM steps WHERE run_id = {run:String}", run=run_id)
        # A dialect may read it otherwise (without the quotes of JSON, or as nobody's): then that is the name.
        assert stored["user"] in (value, value.strip('"'), "")
        if stored["user"]:
            assert runs_of(database.client, Subject.USER, stored["user"]) == [run_id]
            assert erase(database.client, Subject.USER, stored["user"], Form(), wait_s=0).runs == 1
        else:
            assert erase(database.client, Subject.RUN, run_id, Form(), wait_s=0).runs == 1
        assert [row["name"] for row in database.rows("SELECT name FROM steps")] == ["innocent"]


def test_sql_in_python_is_made_of_this_programs_own_words_only() -> None:
    """Statements with something put into them are few, and each says why with the linter's own mark for it."""
    unmarked: list[str] = []
    package = Path(str(files("playhead_collector")))
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.JoinedStr):
                continue
            said = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
            if re.match(r"\s*(SELECT|INSERT|DELETE) ", said):
                around = " ".join(lines[node.lineno - 1 : (node.end_lineno or node.lineno) + 1])
                if "S608" not in around and "FROM INFILE" not in said:
                    unmarked.append(f"{path.relative_to(package)}:{node.lineno}")
    assert unmarked == []
