"""The aligner, over all that sequences can be: equal to itself, the same turned around, and never crossing itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from playhead_replay.diff.align import Key, align
from playhead_replay.diff.sequence import Match, matches

TEXTS = st.lists(st.sampled_from("abcdefgh"), max_size=40)
# Of few kinds of steps, asked few different things, with few different outcomes: repeats are the hard case.
KEYS = st.lists(
    st.builds(
        lambda kind, asked, answer: Key(f"{kind}{asked}{answer}", f"{kind}{asked}", kind, "P" if kind == "P" else ""),
        st.sampled_from("PTUS"),
        st.integers(0, 3).map(str),
        st.integers(0, 1).map(str),
    ),
    max_size=30,
)


def rises(pairs: Sequence[Match]) -> bool:
    return all(one[0] < other[0] and one[1] < other[1] for one, other in pairwise(pairs))


@given(TEXTS, TEXTS)
def test_what_matches_is_equal_and_in_order(a: list[str], b: list[str]) -> None:
    found = matches(a, b)
    assert rises(found)
    assert all(a[i] == b[j] for i, j in found)


@given(TEXTS, TEXTS)
def test_turned_around_it_is_the_same(a: list[str], b: list[str]) -> None:
    assert [(j, i) for i, j in matches(b, a)] == matches(a, b)


@given(TEXTS, TEXTS)
def test_what_is_left_out_and_put_in_makes_the_other(a: list[str], b: list[str]) -> None:
    found = matches(a, b)
    kept = dict(found)
    there = {j for _, j in found}
    script = [(j, a[i]) for i, j in kept.items()] + [(j, text) for j, text in enumerate(b) if j not in there]
    assert [text for _, text in sorted(script)] == b


@given(TEXTS)
def test_a_sequence_matches_itself_place_by_place(a: list[str]) -> None:
    assert matches(a, a) == [(place, place) for place in range(len(a))]


@given(st.lists(st.integers(0, 10**6).map(str), unique=True, max_size=60), st.data())
def test_what_was_put_into_a_sequence_of_different_things_is_found_exactly(a: list[str], data: st.DataObject) -> None:
    b = list(a)
    for number in range(data.draw(st.integers(0, 5))):
        b.insert(data.draw(st.integers(0, len(b))), f"new {number}")
    found = matches(a, b)
    assert len(found) == len(a)
    assert [text for j, text in enumerate(b) if j not in {j for _, j in found}] == [
        text for text in b if text.startswith("new")
    ]


@given(KEYS, KEYS)
def test_steps_are_aligned_in_order_and_the_same_turned_around(a: list[Key], b: list[Key]) -> None:
    found = align(a, b)
    assert rises(found)
    assert [(j, i) for i, j in align(b, a)] == found
    assert all(a[i].shape == b[j].shape or a[i].loose == b[j].loose != "" for i, j in found)


@given(KEYS)
def test_a_run_is_aligned_with_itself_step_by_step(a: list[Key]) -> None:
    assert align(a, a) == [(place, place) for place in range(len(a))]


@given(KEYS, st.data())
def test_a_run_with_steps_put_in_keeps_all_of_its_own(a: list[Key], data: st.DataObject) -> None:
    b = list(a)
    for number in range(data.draw(st.integers(0, 4))):
        b.insert(data.draw(st.integers(0, len(b))), Key(f"new {number}", f"new {number}", f"new {number}"))
    assert [b[j] for _, j in align(a, b)] == a


def test_a_call_that_moved_past_another_keeps_its_partner() -> None:
    x, y = Key("x", "x", "tool"), Key("y", "y", "other")
    assert align([x, y, y], [y, y, x]) == [(1, 0), (2, 1)]
    assert align([x, y], [y, x]) in ([(0, 1)], [(1, 0)])


def test_steps_asked_differently_stand_in_for_each_other_where_nothing_better_is_there() -> None:
    a = [Key(f"a{place}", f"a{place}", "poll") for place in range(3)]
    b = [Key(f"b{place}", f"b{place}", "poll") for place in range(5)]
    assert align(a, b) == [(0, 0), (1, 1), (2, 2)]


def test_equal_answers_decide_between_equal_calls() -> None:
    pending, done = Key("poll pending", "poll", "poll"), Key("poll done", "poll", "poll")
    assert align([pending, done], [pending, pending, done]) == [(0, 0), (1, 2)]


def test_ten_thousand_steps_are_aligned_without_looking_at_every_pair() -> None:
    a = [Key(f"{place}", f"{place}", f"{place % 7}") for place in range(10_000)]
    b = [key for place, key in enumerate(a) if place % 10]
    b[5_000:5_000] = [Key(f"new {place}", f"new {place}", "new") for place in range(500)]
    found = align(a, b)
    assert [b[j] for _, j in found] == [a[i] for i, _ in found]
    assert len(found) == 9_000


def test_of_a_call_and_its_retries_the_one_that_worked_is_the_partner() -> None:
    failed, worked = Key("P failed", "P", "P", status="error"), Key("P slept", "P", "P", status="ok")
    assert align([failed, failed, worked], [Key("P answered", "P", "P", status="ok")]) == [(2, 0)]
