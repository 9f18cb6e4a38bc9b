"""docs/dialects.md names every table, and every rule that the tables use."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from playhead_collector.store.dialect import KINDS, dialects

TEXT = (Path(__file__).parents[3] / "docs" / "dialects.md").read_text(encoding="utf-8")
TABLES = sorted(entry.name for entry in (files("playhead_collector.store") / "dialects").iterdir())


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_described(table: str) -> None:
    assert f"| `{table}` |" in TEXT


def test_the_words_that_rows_may_use_are_described() -> None:
    known = dialects()
    used = {alias.unit for alias in known.aliases} | {affix.where for affix in known.affixes}
    for word in used - {""}:
        assert f"`{word}`" in TEXT


def test_every_row_says_something_that_is_there() -> None:
    known = dialects()
    kind_keys = {alias.key for alias in known.keys_of("kind")} | {"", "span name"}
    assert {row.key for row in known.kinds} <= kind_keys
    assert {row.kind for row in known.kinds} <= set(KINDS)
    keys = [alias.key for alias in known.aliases]
    assert len(keys) == len(set(keys)), "a key means one field"
    for row in known.kinds:
        same = [other for other in known.kinds if (other.key, other.value) == (row.key, row.value)]
        assert len(same) == 1, f"{row.value!r} is there twice"
        assert row.value == row.value.lower(), "words are compared in lower case"
