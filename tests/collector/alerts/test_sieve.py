"""Which rules are asked about which runs: one statement says it for all of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.collector.alerts.asking import MadeRun, findings, shipped, store, written
from tests.collector.alerts.test_rule_file import HEADER, SELECT
from tests.collector.database import StoreDatabase

from playhead_collector.alerts.admission import Admission
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.rule_folder import read_rules
from playhead_collector.alerts.sieve import sift
from playhead_collector.errors import RuleRefused


def sifted(database: StoreDatabase, rules: Sequence[Rule], *runs: MadeRun) -> dict[str, list[int]]:
    """By rule, the numbers of the runs that are left."""
    found = sift(database.client, [(rule, {}) for rule in rules], [run.run_id for run in runs])
    return {name: sorted(int(run_id, 16) for run_id in left) for name, left in found.items()}


def test_a_run_is_left_to_the_rules_that_could_find_something_about_it(store_database: StoreDatabase) -> None:
    looping = MadeRun(1).root()
    for _ in range(5):
        looping.tool("get_order", "{}")
    plain = MadeRun(2).root().tool("get_order", "{}")
    cut_off = MadeRun(3).root().prompt({"gen_ai.response.finish_reasons": "length"})
    store(store_database, looping, plain, cut_off)
    rules = [shipped(name) for name in ("repeated_call", "unread_finish_reason", "low_score", "tool_error_swallowed")]
    assert sifted(store_database, rules, looping, plain, cut_off) == {
        "repeated_call": [1],
        "unread_finish_reason": [3],
        "low_score": [],
        "tool_error_swallowed": [1, 2],
    }


def test_instructions_can_have_been_dropped_where_a_conversation_goes_on_and_begins_otherwise(
    store_database: StoreDatabase,
) -> None:
    def told(number: int, *prompts: str) -> MadeRun:
        """A letter is a message, a capital one the instructions."""
        run = MadeRun(number).root()
        for letters in prompts:
            messages = [{"role": "user", "parts": [{"type": "text", "content": one}]} for one in letters.lower()]
            given = {"gen_ai.input.messages": json.dumps(messages[letters[:1].isupper() :])}
            run.prompt({**given, **({"gen_ai.system_instructions": letters[0]} if letters[:1].isupper() else {})})
        return run

    kept, questions = told(1, "Sa", "Sabc", "Sabcde"), told(2, "a", "b", "c")
    trimmed, without_instructions = told(3, "abc", "bcd"), told(4, "Sab", "abc")
    runs = (kept, questions, trimmed, without_instructions)
    store(store_database, *runs)
    rule = shipped("instructions_dropped")
    assert sifted(store_database, [rule], *runs) == {"instructions_dropped": [3, 4]}
    assert {int(one.run_id, 16) for one in findings(store_database, rule)} == {3, 4}


def test_rules_whose_parameters_have_one_name_keep_their_own_figures(
    store_database: StoreDatabase, tmp_path: Path
) -> None:
    rules = [
        written(
            tmp_path,
            name,
            f"{HEADER}-- only_if: count() >= {{most:UInt32}}\n-- parameter: most UInt32 = {most}\n"
            + SELECT.replace("1 AS value", "{most:UInt32} AS value"),
        )
        for name, most in (("few", 1), ("many", 3))
    ]
    short, long = MadeRun(1).root(), MadeRun(2).root().tool("a", "{}").tool("b", "{}")
    store(store_database, short, long)
    assert sifted(store_database, rules, short, long) == {"few": [1, 2], "many": [2]}


def test_a_rule_without_a_condition_and_any_rule_whose_condition_fails_is_asked_about_every_run(
    store_database: StoreDatabase, tmp_path: Path
) -> None:
    bare = written(tmp_path, "bare", HEADER + SELECT)
    failing = written(tmp_path, "failing", f"{HEADER}-- only_if: throwIf(1) = 0\n{SELECT}")
    store(store_database, MadeRun(1).root())
    assert sifted(store_database, [bare, shipped("low_score")], MadeRun(1)) == {"bare": [1], "low_score": []}
    assert sifted(store_database, [failing, shipped("low_score")], MadeRun(1)) == {"failing": [1], "low_score": [1]}


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("count( > 0", "Syntax error"),
        ("nothing > 0", "nothing"),
        ("sum((SELECT 1 FROM system.processes)) > 0", "outside"),
    ],
)
def test_a_condition_that_the_reading_port_would_refuse_is_refused(
    shared_database: StoreDatabase, tmp_path: Path, condition: str, reason: str
) -> None:
    rule = written(tmp_path, "mine", f"{HEADER}-- only_if: {condition}\n{SELECT}")
    with pytest.raises(RuleRefused, match="only_if") as refused:
        Admission(shared_database.client).admit(rule)
    assert reason in str(refused.value)


def test_every_shipped_rule_about_runs_says_what_it_can_be_about(tmp_path: Path) -> None:
    assert [rule.name for rule in read_rules(tmp_path).rules if rule.about_runs and not rule.only_if] == []
