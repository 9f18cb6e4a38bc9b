"""Which statements a rule may have, said by the engine itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.collector.alerts.asking import written
from tests.collector.alerts.test_rule_file import HEADER, SELECT
from tests.collector.database import StoreDatabase

from playhead_collector.alerts.admission import Admission
from playhead_collector.alerts.rule_folder import read_rules
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.errors import RuleRefused


@pytest.fixture
def admission(shared_database: StoreDatabase) -> Admission:
    """Of a database in which nothing is written here."""
    return Admission(shared_database.client)


def test_every_shipped_rule_may_be_asked_and_says_what_it_is_for(admission: Admission, tmp_path: Path) -> None:
    rules = read_rules(tmp_path)
    assert rules.refused == ()
    assert rules.rules
    for rule in rules.rules:
        admission.admit(rule)
        assert len(rule.why) > 60, rule.name
        assert all(parameter.about for parameter in rule.parameters), rule.name


@pytest.mark.parametrize(
    ("select", "line", "reason"),
    [
        (SELECT.replace("FROM runs", "FROM nowhere"), 4, "nowhere"),
        (SELECT + "ORDER BY LIMIT 3 FROM\n", 5, "Syntax error"),
        (SELECT + "ORDER BY priority\n", 5, "priority"),
        (SELECT.replace("1 AS value", "'1' AS value"), 4, "value is String, and must be a number"),
        (SELECT.replace("'' AS summary", "'' AS text"), 1, "no column 'summary'"),
        (SELECT.replace("1 AS value", "toUInt32(now()) AS value"), 4, "take {until}"),
        (SELECT.replace("'' AS summary", "file('/etc/passwd') AS summary"), 4, "file is not available"),
        (SELECT.replace("FROM runs", "FROM system.processes"), 1, "outside"),
        (SELECT + "; -- one\n\nDROP TABLE run_rows\n", 7, "one statement"),
        (SELECT + "SETTINGS max_threads = 64\n", 5, "no SETTINGS"),
        ("-- parameter: most UInt32 = many\n" + SELECT.replace("1 AS", "{most:UInt32} AS"), 4, "Value many cannot"),
        ("-- parameter: most Number = 3\n" + SELECT.replace("1 AS", "{most:Number} AS"), 4, "family: Number"),
    ],
)
def test_what_the_reading_port_refuses_from_strangers_is_refused_from_a_rule(
    admission: Admission, tmp_path: Path, select: str, line: int, reason: str
) -> None:
    rule = written(tmp_path, "mine", HEADER + select)
    with pytest.raises(RuleRefused) as refused:
        admission.admit(rule)
    assert reason in str(refused.value)
    assert refused.value.line == line


@pytest.mark.parametrize(
    "said",
    [
        "now()", "NOW()", "`now`()", "nowInBlock()", "now", "Now", "current_timestamp", "CURRENT_DATE",
        "UTCTimestamp()", "randUniform(0, 1)", "randNormal(0, 1)", "randomString(3)", "generateUUIDv4()",
        "arrayShuffle([1, 2])",
    ],
)  # fmt: skip
def test_what_is_another_one_each_time_is_refused_in_the_statement_and_in_its_condition(
    admission: Admission, tmp_path: Path, said: str
) -> None:
    with pytest.raises(RuleRefused, match=r"is another one each time; take \{until\}") as refused:
        admission.admit(written(tmp_path, "mine", HEADER + SELECT.replace("'' AS summary", f"{said} AS summary")))
    assert refused.value.line == 4
    with pytest.raises(RuleRefused, match=r"only_if: .* is another one each time"):
        admission.admit(
            written(tmp_path, "mine", HEADER + f"-- only_if: count() > 0 AND {said} IS NOT NULL\n" + SELECT)
        )


def test_a_column_that_bears_the_name_of_a_moment_is_a_column(admission: Admission, tmp_path: Path) -> None:
    own = SELECT.replace("'' AS summary", "today AS summary").replace(
        "FROM runs", "FROM (SELECT *, '' AS today FROM runs)"
    )
    admission.admit(written(tmp_path, "mine", HEADER + own.replace("today AS summary", "today AS summary -- now()\n")))


def test_a_figure_that_the_engine_does_not_take_for_its_type_is_refused_before_the_rule_is_asked(
    shared_database: StoreDatabase, tmp_path: Path
) -> None:
    parameter = "-- parameter: first Date = 2026-01-01; from then on\n-- only_if: max(start_time) > {first:Date}\n"
    rule = written(tmp_path, "mine", HEADER + parameter + SELECT.rstrip() + " AND start_time > {first:Date}\n")
    assert Ruling(rule, {"first": "2026-11-22"}).admitted(shared_database.client).rule == rule
    with pytest.raises(RuleRefused, match="never"):
        Ruling(rule, {"first": "never"}).admitted(shared_database.client)


def test_a_figure_that_is_none_is_refused_in_the_file_that_says_it(admission: Admission, tmp_path: Path) -> None:
    takes = HEADER + "-- parameter: most UInt32 = 3\n" + SELECT.replace("1 AS", "{most:UInt32} AS")
    written(tmp_path, "too_many", takes)
    rule = written(tmp_path, "mine", "-- title: U\n-- why: X\n-- like: too_many\n-- parameter: most UInt32 = many\n")
    with pytest.raises(RuleRefused) as refused:
        admission.admit(rule)
    assert (refused.value.path.name, refused.value.line) == ("mine.sql", 4)
