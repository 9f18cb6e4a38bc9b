"""How figures are written for people."""

from __future__ import annotations

import pytest

from playhead_collector.read.words import cost


@pytest.mark.parametrize(
    ("usd", "said"),
    [
        (None, "-"),
        (0.0, "$0.0000"),
        (0.000004, "<$.0001"),
        (0.00005, "$0.0001"),
        (0.0123, "$0.0123"),
        (12.345, "$12.35"),
    ],
)
def test_what_cost_little_is_not_said_to_have_cost_nothing(usd: float | None, said: str) -> None:
    assert cost(usd) == said
    assert cost(usd, unpriced=1) == ("?" if usd is None else f"{said}+")
