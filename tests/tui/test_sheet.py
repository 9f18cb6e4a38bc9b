"""Sheets: what is folded, what is cut, and what is made harmless."""

from __future__ import annotations

import pytest

from playhead_collector.read.query_line import NAMES
from playhead_tui.run.sheet import LONGEST, MOST_LINES, Sheet
from playhead_tui.runs.query import completion
from playhead_tui.shown import cell, one_line


def plain(sheet: Sheet) -> list[str]:
    return [line.text.plain for line in sheet.lines]


def test_json_is_shown_with_a_line_for_each_value_and_containers_fold() -> None:
    sheet = Sheet(60)
    sheet.json({"order": {"id": "A-1", "cents": 4900, "paid": True, "note": None}, "tags": ["a", []]})
    assert plain(sheet) == [
        "{2}", " order  {4}", '  id  "A-1"', "  cents  4900", "  paid  true", "  note  null", " tags  [2]", '  0  "a"',
        "  1  []",
    ]  # fmt: skip
    assert [line.below for line in sheet.lines] == [8, 4, 0, 0, 0, 0, 2, 0, 0]


def test_what_is_longer_than_anybody_reads_is_cut_and_said_to_be() -> None:
    sheet = Sheet(80)
    sheet.text("word " * 1_000_000)
    assert sum(map(len, plain(sheet))) <= LONGEST + 100
    assert plain(sheet)[-1] == f"… {5_000_000 - LONGEST:,} more characters: o opens them in $PAGER"
    many = Sheet(80)
    many.json(list(range(100_000)))
    assert len(many.lines) < MOST_LINES + 10 and "more of it" in plain(many)[-1]


def test_markdown_is_laid_out_and_links_are_no_escape_sequences() -> None:
    sheet = Sheet(60)
    sheet.markdown("# Title\n\n- **bold** [here](http://example.com)\n\n```python\nprint(1)\n```")
    told = "\n".join(plain(sheet))
    assert "Title" in told and "**" not in told and "http://example.com" in told and "print(1)" in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    "text", ["\x1b[31mred", "a\x00b", "\u202eabc", "[red]x[/red]", "\ud800", "wide 退款 text", "é" * 9]
)
def test_a_cell_has_its_width_whatever_is_in_it(text: str) -> None:
    from rich.cells import cell_len

    for width in (0, 1, 2, 5, 8, 40):
        assert cell_len(cell(text, width)) == width
        assert "\x1b" not in one_line(text, width) and "\u202e" not in one_line(text, width)


def test_a_line_of_megabytes_costs_what_is_seen_of_it() -> None:
    assert one_line("x" * 50_000_000, 10) == "xxxxxxxxx…"
    assert one_line(" " * 50_000_000 + "x", 10) == "…"


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("", None),
        ("ag", "agent:"),
        ("status:error mo", "status:error model:"),
        ("co", "cost>"),
        ("status:e", "status:error"),
        ("agent:s", "agent:support"),
        ("agent:support", None),
        ('user:"A', None),
        ("user:A", 'user:"Ann B"'),
        ("since:", "since:1h"),
        ("refund ", None),
        ("tool:x", None),
    ],
)
def test_a_query_is_completed_by_what_there_is(line: str, offered: str | None) -> None:
    known = {"agent": ["support", "billing"], "user": ["Ann B", "evil\x1b"]}
    assert completion(line, known) == offered
    assert set(known) <= set(NAMES)
