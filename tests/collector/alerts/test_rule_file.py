"""A rule's file: what it says, and how what is wrong in it is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.collector.alerts.asking import written

from playhead_collector.alerts.rule import SHIPPED, Severity
from playhead_collector.alerts.rule_folder import read_rules
from playhead_collector.errors import RuleRefused

HEADER = "-- title: T\n-- why: W\n-- severity: critical\n"
SELECT = "SELECT run_id, '' AS step_id, 1 AS value, '' AS summary FROM runs WHERE run_id IN {runs:Array(String)}\n"
TAKES = "{runs:Array(String)}"
WINDOW = SELECT.replace(
    "run_id IN {runs:Array(String)}",
    "{at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}",
)


def test_a_header_says_all_of_a_rule_and_its_lines_may_go_on(tmp_path: Path) -> None:
    rule = written(
        tmp_path,
        "mine",
        "-- title: Too many\n-- why: It is\n--   too many.\n-- severity: info\n-- every: 500ms\n-- for: 2m\n"
        "-- resolve_after: 1h\n-- lookback: 7d\n-- group_by: agent, tool\n-- notify: pager, chat\n"
        "-- parameter: most UInt32 = 3; more are too many\n" + SELECT.replace("1 AS value", "{most:UInt32} AS value"),
    )
    assert (rule.name, rule.title, rule.why, rule.severity) == ("mine", "Too many", "It is too many.", Severity.INFO)
    assert (rule.every, rule.hold) == (timedelta(milliseconds=500), timedelta(minutes=2))
    assert (rule.resolve_after, rule.lookback) == (timedelta(hours=1), timedelta(days=7))
    assert (rule.group_by, rule.notify) == (("agent", "tool"), ("pager", "chat"))
    assert rule.values({}) == {"most": "3"}
    assert rule.values({"most": "9"}) == {"most": "9"}


def test_a_rule_that_takes_runs_is_about_runs_and_grouped_by_them(tmp_path: Path) -> None:
    rule = written(tmp_path, "mine", HEADER + SELECT)
    assert rule.about_runs
    assert rule.group_by == ("run_id",)


@pytest.mark.parametrize(
    "text",
    [
        HEADER + SELECT.replace("'' AS summary", "' -- ' AS summary"),
        HEADER + SELECT.replace("'' AS summary", "'it''s \\' /*' AS summary"),
        "\ufeff" + HEADER + SELECT,
    ],
)
def test_what_looks_like_a_comment_in_quotes_is_none_and_a_mark_of_the_order_of_bytes_is_passed_over(
    tmp_path: Path, text: str
) -> None:
    assert written(tmp_path, "mine", text).about_runs


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("-- title: T\n-- why: W\n" + SELECT, 1, "says no severity"),
        ("-- titel: T\n" + SELECT, 1, "did you mean 'title'"),
        (HEADER + "-- title: again\n" + SELECT, 4, "said twice, first in line 1"),
        (HEADER + "-- for: soon\n" + SELECT, 4, "write 500ms, 30s"),
        (HEADER + "-- every: 99999999999999999d\n" + SELECT, 4, "more than 3650d"),
        (HEADER + "-- lookback: 900000d\n" + WINDOW, 4, "more than 3650d"),
        ("-- title: T\n-- why: W\n-- severity: grave\n" + SELECT, 3, "none of info, warning, critical"),
        (HEADER + "-- parameter: most = 3\n" + SELECT, 4, "name Type = default"),
        (HEADER + "-- parameter: most UInt32 = 3\n" + SELECT, 4, "does not take the parameter 'most'"),
        (HEADER + "SELECT 1\n", 1, "would read everything each time"),
        (HEADER + SELECT + "LIMIT {most:UInt32}\n", 5, "declare it with '-- parameter: most UInt32"),
        (HEADER + SELECT.replace("Array(String)", "String"), 4, "runs is Array(String), and not String"),
        (HEADER + f"/* {TAKES} */\nSELECT 1\n", 1, "would read everything each time"),
        (HEADER + f"SELECT '{TAKES}'\n", 1, "would read everything each time"),
        (HEADER + "SELECT /*\n*/ '\n' /* it's */, {most:UInt32}\n", 6, "declare it with '-- parameter: most UInt32"),
        (HEADER + "-- nothing\n" + SELECT, 4, "lines of '-- key: value'"),
        (HEADER + "-- parameter: runs UInt32 = 3\n" + SELECT, 4, "bound by the evaluator"),
        (HEADER + "-- only_if: count() > {most:UInt32}\n" + SELECT, 4, "{most:UInt32} is no parameter"),
        (HEADER + "-- only_if: count() > 1\n" + WINDOW, 4, "of a rule about runs"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line_and_what_to_write(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    with pytest.raises(RuleRefused) as refused:
        written(tmp_path, "mine", text)
    assert (refused.value.line, refused.value.path.name) == (line, "mine.sql")
    assert reason in str(refused.value)


COUNTS = HEADER + (
    "-- owner: agents\n-- for: 2m\n-- lookback: 7d\n-- constant: what Identifier = steps\n"
    "-- parameter: most UInt32 = 3; more are too many\n-- parameter: least UInt32 = 1; fewer are too few\n"
    "SELECT run_id, '' AS step_id, {what:Identifier} AS value, '' AS summary FROM runs\n"
    "WHERE run_id IN {runs:Array(String)} AND (value > {most:UInt32} OR value < {least:UInt32})\n"
)
OF_ITSELF = "-- title: U\n-- why: X\n"


def test_a_rule_that_is_like_another_asks_its_select_and_is_as_it_is_but_for_what_it_says(tmp_path: Path) -> None:
    other = written(tmp_path, "too_many_steps", COUNTS)
    rule = written(
        tmp_path,
        "too_many_prompts",
        OF_ITSELF + "-- like: too_many_steps\n-- for: 1h\n-- constant: what Identifier = prompts\n"
        "-- parameter: most UInt32 = 9; more are too many\n",
    )
    assert (rule.asks, rule.text) == (other.path, COUNTS)
    assert (rule.title, rule.why, rule.hold) == ("U", "X", timedelta(hours=1))
    assert (rule.severity, rule.owner, rule.lookback) == (other.severity, other.owner, other.lookback)
    assert [one.name for one in rule.parameters] == ["most", "least"]
    assert rule.values({}) == {"what": "prompts", "most": "9", "least": "1"}
    assert rule.values({"what": "tools", "least": "2"}) == {"what": "prompts", "most": "9", "least": "2"}


def test_a_users_rule_may_be_like_a_shipped_one(tmp_path: Path) -> None:
    rule = written(tmp_path, "mine", OF_ITSELF + "-- like: repeated_call\n-- severity: critical\n")
    assert (rule.asks.parent, rule.shipped, rule.severity) == (SHIPPED, False, Severity.CRITICAL)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("-- like: too_many_steps\n", 1, "says no title"),
        (OF_ITSELF + "-- like: too_many_step\n", 3, "did you mean 'too_many_steps'"),
        (OF_ITSELF + "-- like: too_many_steps\n" + SELECT, 4, "leave out this one, or the 'like'"),
        (OF_ITSELF + "-- like: likewise\n", 3, "'likewise' has no SELECT itself"),
        (OF_ITSELF + "-- like: broken\n", 3, "broken.sql:1: the header says no title"),
        (OF_ITSELF + "-- like: mine\n", 3, "there is no rule 'mine' to be like"),
        (OF_ITSELF + "-- like: too_many_steps\n-- parameter: mots UInt32 = 1\n", 4, "does not take"),
        (
            OF_ITSELF + "-- like: too_many_steps\n-- parameter: most Float64 = 1\n",
            4,
            "most is UInt32 in too_many_steps",
        ),
    ],
)
def test_what_a_rule_cannot_be_like_is_refused_in_the_file_that_says_so(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    written(tmp_path, "too_many_steps", COUNTS)
    written(tmp_path, "likewise", OF_ITSELF + "-- like: too_many_steps\n")
    (tmp_path / "broken.sql").write_text("SELECT 1")
    with pytest.raises(RuleRefused) as refused:
        written(tmp_path, "mine", text)
    assert (refused.value.line, refused.value.path.name) == (line, "mine.sql")
    assert reason in str(refused.value)


def test_a_folder_adds_to_the_shipped_rules_and_overrides_them_and_a_broken_one_keeps_no_other_out(
    tmp_path: Path,
) -> None:
    written(tmp_path, "mine", HEADER + SELECT)
    written(tmp_path, "repeated_call", HEADER + SELECT)
    (tmp_path / "broken.sql").write_text("SELECT 1")
    rules = read_rules(tmp_path)
    assert [error.path.name for error in rules.refused] == ["broken.sql"]
    by_name = {rule.name: rule for rule in rules.rules}
    assert by_name["repeated_call"].path.parent == by_name["mine"].path.parent == tmp_path
    assert "runaway_cost" in by_name
