"""The query line: what it means, and where it means nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from playhead_collector.read.filter import RunFilter, Scored
from playhead_collector.read.query_line import QueryError, narrowed, parse_query, quoted, value_of, with_term

NOW = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("", {}),
        ("   ", {}),
        ("agent:support status:error", {"agent": "support", "status": "error"}),
        ("AGENT:support", {"agent": "support"}),
        ('user:"Ann \\"A\\" B" session:s-1', {"user": 'Ann "A" B', "session": "s-1"}),
        ("model:gpt-5* tool:refund version:1.4.2", {"model": "gpt-5*", "tool": "refund", "version": "1.4.2"}),
        ("dataset:hard-cases", {"dataset": "hard-cases"}),
        ("run:0a1b", {"run": "0a1b"}),
        ("since:2d until:1h", {"since": NOW - timedelta(days=2), "until": NOW - timedelta(hours=1)}),
        ('since:"3 days ago"', {"since": NOW - timedelta(days=3)}),
        ("since:2026-11-20T10:30", {"since": datetime(2026, 11, 20, 10, 30, tzinfo=UTC)}),
        ("steps>40", {"min_steps": 41}),
        ("steps>=40 steps<50", {"min_steps": 40, "max_steps": 49}),
        ("steps=3", {"min_steps": 3, "max_steps": 3}),
        ("errors<=2.5", {"max_errors": 2}),
        ("tokens>10k tokens<1.5M", {"min_tokens": 10_001, "max_tokens": 1_499_999}),
        ("cost>=0.5 cost<=$2", {"min_cost": 0.5, "max_cost": 2.0}),
        ("time>=2m time<=1h", {"min_seconds": 120.0, "max_seconds": 3600.0}),
        ("time>=250ms", {"min_seconds": 0.25}),
        ("refund", {"texts": ("refund",)}),
        ('refund "window closed"', {"texts": ("refund", "window closed")}),
        ("score.helpful<=0.5", {"scored": (Scored("helpful", most=0.5),)}),
        ("score.Tone-2:bad* score.n=-1", {"scored": (Scored("Tone-2", word="bad*"), Scored("n", least=-1, most=-1))}),
        ('label:refund-bug note:"asked Ann"', {"label": "refund-bug", "note": "asked Ann"}),
        ('"agent:support"', {"texts": ("agent:support",)}),
    ],
)
def test_a_line_means_these_runs(line: str, meant: dict[str, Any]) -> None:
    assert parse_query(line, NOW) == RunFilter(**meant)


def test_a_bound_that_excludes_its_number_does_not_exclude_more() -> None:
    above = parse_query("cost>0.5", NOW).min_cost
    below = parse_query("cost<0.5", NOW).max_cost
    assert above is not None and below is not None
    assert below < 0.5 < above and above - below < 1e-15


@pytest.mark.parametrize(
    ("line", "wrong", "told"),
    [
        ("status:ok agnet:x cost>1", "agnet:x", "did you mean agent?"),
        ("see http://example.com", "http://example.com", "words to look for go in quotes"),
        ("status:broken", "status:broken", "there are ok, error, open, incomplete"),
        ("cost>much steps>1", "cost>much", "'much' is no number: cost> takes one like 0.5"),
        ("steps:40", "steps:40", "write steps>40"),
        ("agent>support", "agent>support", "write agent:support"),
        ("score.helpful<much", "score.helpful<much", "'much' is no number: score.helpful< takes one like 0.5"),
        ("score.helpful: cost>1", "score.helpful:", "write score.helpful<0.5 or score.helpful:bad"),
        ("agent: status:ok", "agent:", "says nothing"),
        ("agent:a agent:b", "agent:b", "stands here twice"),
        ("cost>1 cost>2", "cost>2", "stands here twice"),
        ("since:teatime", "since:teatime", "is no time"),
        ('agent:a "refund win', '"refund win', "a quote that does not end"),
        ("agent:a ?!", "?!", "holds no word"),
    ],
)
def test_an_error_says_where_it_is_and_what_to_write(line: str, wrong: str, told: str) -> None:
    with pytest.raises(QueryError) as error:
        parse_query(line, NOW)
    assert line[error.value.start : error.value.end] == wrong
    assert told in str(error.value) and "--" not in str(error.value)


@pytest.mark.parametrize("value", ["support", "two words", 'a "quoted" one', "back\\slash", "näive:x", "", "*"])
def test_a_value_that_is_put_into_a_line_is_read_back_as_it_was(value: str) -> None:
    line = with_term("cost>1 agent:before refund", "agent", value)
    assert value_of(line, "agent") == value
    assert parse_query(line, NOW).texts == ("refund",)
    assert with_term(line, "agent", "") == "cost>1 refund"
    assert not value or parse_query(f"user:{quoted(value)}", NOW).user == value


def test_a_line_is_narrowed_by_another_whose_words_count_where_both_say_something() -> None:
    assert narrowed("", "version:1") == "version:1" and narrowed("agent:a", "") == "agent:a"
    assert narrowed("agent:a version:1 refund", 'version:2 steps>4 "no"') == 'agent:a refund version:2 steps>4 "no"'
