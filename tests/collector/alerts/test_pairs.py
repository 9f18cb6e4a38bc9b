"""Agents under the SDK, through a real collector: some of the pairs; `make proof-alerts` has one for each rule."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.collector.alerts.telling_pairs import Told, told

RULES = (
    "alternating_calls", "contract_violated", "empty_answer", "instructions_dropped", "no_terminal_state",
    "spans_missing", "stalled_run", "tool_error_swallowed",
)  # fmt: skip


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with told(tmp_path_factory.mktemp("pairs"), RULES) as collected:
        yield collected


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_names_the_agent_that_it_is_for_and_not_the_one_that_nearly_is(pairs: Told, rule: str) -> None:
    named = pairs.named_by(rule)
    assert f"{rule}-fires" in named
    assert f"{rule}-misses" not in named
