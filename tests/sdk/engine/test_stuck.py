"""Who has the token and is stuck loses it; who only waits for a processor, as on any busy machine, does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import count

import pytest

from playhead.lanes import stuck
from playhead.lanes.actor import Actor
from playhead.lanes.lane import Lane
from playhead.lanes.stuck import ASKS_NS, COMPUTED_NS, LONGEST_NS, STUCK_NS, Looks

pytestmark = pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="threads have no clocks here")


@pytest.fixture
def actor() -> Iterator[Actor]:
    """Of this thread."""
    actor = Actor(None, Lane("0"))
    actor.bind()
    yield actor
    actor.unbind()


def compute(for_ns: int) -> None:
    until = time.thread_time_ns() + for_ns
    while time.thread_time_ns() < until:
        pass


def test_who_computes_for_long_after_the_first_look_is_stuck(actor: Actor) -> None:
    looks = Looks()
    compute(COMPUTED_NS)
    assert looks.patience_ns(actor, 1) == LONGEST_NS
    compute(COMPUTED_NS // 3)
    assert looks.patience_ns(actor, 1) == LONGEST_NS
    compute(COMPUTED_NS)
    assert looks.patience_ns(actor, 1) == STUCK_NS


def test_what_it_computed_before_it_got_the_token_again_does_not_count(actor: Actor) -> None:
    looks = Looks()
    assert looks.patience_ns(actor, 1) == LONGEST_NS
    compute(COMPUTED_NS)
    assert looks.patience_ns(actor, 2) == LONGEST_NS


def test_who_waits_in_native_code_is_stuck() -> None:
    bound, held = threading.Event(), threading.Lock()
    actor = Actor(None, Lane("0/1"))

    def wait() -> None:
        actor.bind()
        bound.set()
        with held:
            actor.unbind()

    with held:
        thread = threading.Thread(target=wait)
        thread.start()
        bound.wait()
        looks = Looks()
        assert looks.patience_ns(actor, 1) == LONGEST_NS
        while looks.patience_ns(actor, 1) != STUCK_NS:  # it is still on its way to the lock
            pass
    thread.join()
    assert Looks().patience_ns(actor, 2) == LONGEST_NS, "it has ended"


def test_who_is_runnable_and_gets_no_processor_is_not_stuck(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks()
    monkeypatch.setattr(stuck, "_clock", lambda _: 7)  # its own time stands still
    assert looks.patience_ns(actor, 1) == LONGEST_NS
    assert looks.patience_ns(actor, 1) == LONGEST_NS, "this thread asks, so it is runnable"


def test_who_wakes_now_and_then_for_the_interpreters_lock_or_to_poll_has_a_little_more_time(
    actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, spent = Looks(), count(step=20_000)
    monkeypatch.setattr(stuck, "_clock", lambda _: next(spent))
    monkeypatch.setattr(stuck, "_is_runnable", lambda _: False)
    assert looks.patience_ns(actor, 1) == LONGEST_NS
    assert looks.patience_ns(actor, 1) == ASKS_NS


def test_a_thread_that_has_not_begun_yet_is_not_stuck() -> None:
    assert Looks().patience_ns(Actor(None, Lane("0/1")), 1) == LONGEST_NS
