"""Two groups of runs: where they part, how often and at what cost, and when that is no more than chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.collector.database import StoreDatabase
from tests.replay.diff.told import Shelf, Told

from playhead_replay.diff.chance import by_chance, can_tell
from playhead_replay.diff.group import GroupDiff, Member, diff_groups
from playhead_replay.diff.way import Alternative, Common, Passed, Way, common_way, way_of

SYSTEM = "Refund what comes back within {} days."


def a_case(number: int, version: str, *, refused: bool = False, days: int = 30, first: str = "get_order") -> Told:
    """A customer wants a refund; each asks for something else."""
    asked = f"I want a refund for A-{number}."
    told = Told(version=version, asked=asked)
    told.prompt(("system", SYSTEM.format(days)), ("user", asked), calls=[(first, {"id": number})])
    told.tool(first, {"id": number}, {"cents": number})
    told.prompt(calls=[("refund", {"id": number})])
    if refused:
        told.tool("refund", {"id": number}, error="PaymentError: window closed")
        told.prompt(calls=[("ask_person", {"id": number})])
        told.tool("ask_person", {"id": number}, "no")
    else:
        told.tool("refund", {"id": number}, {"refund_id": f"r_{number}"})
    told.prompt(answer=f"About A-{number}.", tokens=None if number == 3 else (100, 10))
    return told


OLD = [a_case(number, "1.4.1", refused=number == 11) for number in range(12)]
NEW = [a_case(number, "1.4.2", refused=number % 4 != 0, days=14) for number in range(12)]
LIKE_OLD = [a_case(100 + number, "1.4.1", refused=number == 3) for number in range(12)]


@pytest.fixture(scope="module")
def shelf(runs: StoreDatabase) -> Iterator[Shelf]:
    yield Shelf(runs, chain(OLD, NEW, LIKE_OLD))


def members(shelf: Shelf, told: Sequence[Told]) -> list[Member]:
    read = [shelf.read(one) for one in told]
    return [Member(run.row, way_of(run.row.run_id, run.nodes)) for run in read]


@pytest.fixture(scope="module")
def versions(shelf: Shelf) -> GroupDiff:
    return diff_groups(members(shelf, OLD), members(shelf, NEW))


def test_groups_part_where_the_one_goes_another_way_more_often_than_chance_explains(versions: GroupDiff) -> None:
    assert versions.first is not None
    assert versions.first.after == Passed("prompt", "")
    assert [(branch.to, branch.a.runs, branch.b.runs) for branch in versions.first.branches] == [
        (Passed("tool", "refund"), 11, 3),
        (Passed("tool", "refund", "✗"), 1, 9),
    ]
    assert (versions.first.a, versions.first.b) == (12, 12)
    assert not versions.equal


def test_what_no_run_does_one_after_the_other_is_an_alternative_of_the_common_way() -> None:
    def went(*tools: str) -> Way:
        return Way(" ".join(tools), tuple(Passed("tool", tool) for tool in tools), ())

    refunded, tracked = went("get", "refund", "done"), went("get", "track", "fetch", "done", "thank")
    common = common_way([refunded], [tracked])
    assert [one.name for one in common.passed] == ["get", "refund", "track", "fetch", "done", "thank"]
    assert common.alternatives == (Alternative(1, 2, 4), Alternative(5, 5, 6))
    assert common_way([refunded], [refunded]) == Common(refunded.passed, ())


def test_a_branch_says_what_became_of_the_runs_that_took_it(versions: GroupDiff) -> None:
    assert versions.first is not None
    straight, refused = versions.first.branches
    assert (straight.a.steps.median, refused.b.steps.median) == (6, 8)
    assert (straight.b.tokens.median, refused.b.tokens.median) == (330, 440)


def test_of_a_branch_two_runs_are_named_that_show_where_the_groups_part(shelf: Shelf, versions: GroupDiff) -> None:
    assert versions.first is not None
    way_of_run = {one.row.run_id: one.way.passed for one in members(shelf, [*OLD, *NEW])}
    for branch in versions.first.branches:
        a, b = versions.first.pair(branch)
        assert Passed("tool", "refund") in way_of_run[a] and Passed("tool", "refund", "✗") in way_of_run[b]


def test_what_is_not_known_of_a_run_is_left_out_and_counted(versions: GroupDiff) -> None:
    assert (versions.a.tokens.unknown, versions.b.tokens.unknown) == (1, 1)
    assert versions.a.tokens.total == 10 * 330 + 440


def test_what_most_were_told_otherwise_is_named_once(versions: GroupDiff) -> None:
    (change,) = versions.setups
    assert (change.what, change.difference.a, change.difference.b) == ("system", SYSTEM.format(30), SYSTEM.format(14))
    assert (change.a, change.b) == ((12, 12), (12, 12))


def test_tools_say_how_often_they_failed(versions: GroupDiff) -> None:
    refund = next(tool for tool in versions.tools if tool.name == "refund")
    assert (refund.calls, refund.failed) == ((12, 12), (1, 9))


def test_groups_that_differ_by_chance_are_equal(shelf: Shelf) -> None:
    diff = diff_groups(members(shelf, OLD), members(shelf, LIKE_OLD))
    assert diff.first is None
    assert diff.equal


def test_a_group_is_equal_to_itself(shelf: Shelf) -> None:
    group = members(shelf, NEW)
    diff = diff_groups(group, group)
    assert (diff.equal, diff.partings, diff.in_both) == (True, (), 12)


def test_turned_around_they_part_at_the_same_place(shelf: Shelf, versions: GroupDiff) -> None:
    back = diff_groups(members(shelf, NEW), members(shelf, OLD))
    assert back.first is not None and versions.first is not None
    assert {(one.to, one.b, one.a) for one in back.first.branches} == {
        (one.to, one.a, one.b) for one in versions.first.branches
    }


@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 12), st.integers(1, 12))
def test_chance_is_what_counting_all_tables_gives(hits_a: int, of_a: int, hits_b: int, of_b: int) -> None:
    hits_a, hits_b = min(hits_a, of_a), min(hits_b, of_b)
    hits = hits_a + hits_b
    ways = [comb(of_a, one) * comb(of_b, hits - one) for one in range(hits + 1)]
    counted = sum(number for number in ways if number <= ways[hits_a]) / comb(of_a + of_b, hits)
    assert by_chance(hits_a, of_a, hits_b, of_b) == pytest.approx(counted)
    assert by_chance(hits_b, of_b, hits_a, of_a) == pytest.approx(counted)


def test_of_few_runs_nothing_can_be_told() -> None:
    assert not can_tell(2, 3, 3, 0.05)
    assert can_tell(5, 5, 5, 0.05)
