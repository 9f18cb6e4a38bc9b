"""For each shipped rule an agent under the SDK that it names, and a near miss that it does not: `make proof-alerts`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.collector.alerts.pairs import PAIRS
from tests.collector.alerts.telling_pairs import Told, told

from playhead_collector.alerts.rule_folder import read_rules

RULES = [fires.__name__ for fires, _ in PAIRS]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with told(tmp_path_factory.mktemp("pairs")) as collected:
        yield collected


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_names_the_agent_that_it_is_for_and_not_the_one_that_nearly_is(pairs: Told, rule: str) -> None:
    named = pairs.named_by(rule)
    assert f"{rule}-fires" in named
    assert f"{rule}-misses" not in named


def test_a_service_is_silent_after_a_week_and_not_after_an_hour(pairs: Told) -> None:
    assert pairs.named_by("service_silent") == {"pairs"}
    assert pairs.named_by("service_silent", timedelta(hours=1)) == set()


def test_there_is_a_pair_for_every_shipped_rule(tmp_path: Path) -> None:
    assert {rule.name for rule in read_rules(tmp_path).rules} == {*RULES, "service_silent"}
