"""One asks at a time: several evaluators of one store, one of which dies, or leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.collector.alerts.asking import MadeRun, shipped, store
from tests.collector.alerts.clock import Clock
from tests.collector.database import StoreDatabase

from playhead_collector.alerts.evaluator import Evaluator
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.alerts.turn import DEAD_AFTER, Turn


def evaluator(database: StoreDatabase, *, alone: bool = False) -> Evaluator:
    ruling = Ruling(shipped("repeated_call"), {"repeats": "2"}, notify=("chat",))
    return Evaluator(database.client, [ruling], alone=alone)


def looping(number: int) -> MadeRun:
    return MadeRun(number).root().tool("get_order", "{}").tool("get_order", "{}")


def test_of_several_one_asks_and_another_takes_over_when_it_dies_telling_nobody_twice(
    store_database: StoreDatabase, clock: Clock
) -> None:
    first, second, third = (evaluator(store_database) for _ in range(3))
    first.look()
    clock.passed += timedelta(milliseconds=5)
    assert [one.look().asked for one in (second, third)] == [0, 0]
    store(store_database, looping(1))
    assert [len(one.look().owed) for one in (second, first, third)] == [0, 1, 0]
    # The first is killed: it says nothing any more. Until it counts as dead, nobody asks.
    store(store_database, looping(2))
    clock.passed += DEAD_AFTER / 2
    assert [one.look().events for one in (second, third)] == [(), ()]
    clock.passed += DEAD_AFTER
    look = second.look()
    assert [event.alert.runs for event in look.events] == [[looping(2).run_id]]
    # What the dead one had found and nobody was told of is owed by the one that took over.
    assert [one.alert.runs[0] for one in look.owed] == [looping(1).run_id, looping(2).run_id]
    clock.passed += timedelta(seconds=3)
    assert [one.look().events for one in (second, third)] == [(), ()]
    assert (len(second.alerts), len(third.alerts)) == (2, 0)


def test_one_that_was_held_up_is_last_in_the_line_and_forgets_what_it_knew(
    store_database: StoreDatabase, clock: Clock
) -> None:
    first, second = evaluator(store_database), evaluator(store_database)
    store(store_database, looping(1))
    assert len(first.look().events) == 1
    clock.passed += timedelta(milliseconds=5)
    assert second.look().events == ()
    # The first one's machine is stopped, and goes on.
    clock.passed += 2 * DEAD_AFTER
    second.look()
    clock.passed += DEAD_AFTER / 4
    store(store_database, looping(2))
    assert [len(one.look().events) for one in (first, second, first)] == [0, 1, 0]
    assert (first.has_turn, len(first.alerts), len(second.alerts)) == (False, 0, 2)
    second.leave()
    clock.passed += timedelta(seconds=3)
    assert (first.look().events, len(first.alerts)) == ((), 2)


def test_one_that_leaves_hands_over_at_once_and_the_next_goes_on_where_it_stopped(
    store_database: StoreDatabase, clock: Clock
) -> None:
    first, second = evaluator(store_database), evaluator(store_database)
    first.look()
    store(store_database, looping(1))
    clock.passed += timedelta(milliseconds=5)
    assert len(first.look().events) == 1
    second.look()
    first.leave()
    clock.passed += timedelta(seconds=3)
    look = second.look()
    # It knows of the alert, owes what was not told, and fires nothing anew.
    assert look.events == ()
    assert [one.receiver for one in look.owed] == ["chat"]
    assert len(second.alerts) == 1


@pytest.mark.parametrize("alone", [True, False])
def test_one_that_leaves_after_a_look_failed_leaves_word_of_how_far_it_got(
    store_database: StoreDatabase, clock: Clock, alone: bool
) -> None:
    first = evaluator(store_database, alone=alone)
    first.look()
    store(store_database, looping(1))
    first.look()
    # A look fails, as the watch says it; and what is stored meanwhile is looked at by the next one, days later.
    first.forget()
    first.leave()
    store(store_database, looping(2))
    clock.passed += timedelta(days=2)
    second = evaluator(store_database, alone=alone)
    second.look()
    assert sorted(run for alert in second.alerts.values() for run in alert.runs) == [
        looping(1).run_id,
        looping(2).run_id,
    ]


def test_one_that_lives_on_after_a_look_failed_takes_nothing_back_of_how_far_it_got(
    store_database: StoreDatabase, clock: Clock
) -> None:
    store(store_database, looping(1))
    first = evaluator(store_database)
    first.look()
    clock.passed += timedelta(seconds=3)
    first.look()
    until = Turn(store_database.client, alone=False).judged_until()
    assert until is not None
    first.forget()
    clock.passed += timedelta(seconds=3)
    first.look()
    assert Turn(store_database.client, alone=False).judged_until() == until
