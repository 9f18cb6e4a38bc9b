"""Python's collection of garbage stays out of the way of large work, and comes back after it."""

from __future__ import annotations

import gc
import threading

import pytest

from playhead_tui.garbage import kept_out, let_in


def test_nothing_is_collected_until_the_last_work_is_done() -> None:
    begun, may_end = threading.Event(), threading.Event()

    def other() -> None:
        with kept_out():
            begun.set()
            may_end.wait(120)

    thread = threading.Thread(target=other)
    with kept_out():
        assert not gc.isenabled()
        thread.start()
        begun.wait(120)
    assert not gc.isenabled()
    may_end.set()
    thread.join()
    assert gc.isenabled()


def test_work_that_fails_does_not_leave_it_off() -> None:
    with pytest.raises(ValueError, match="no"), kept_out():
        raise ValueError("no")
    assert gc.isenabled()


def test_what_large_work_made_is_not_walked_while_it_is_shown_and_may_go_after_that() -> None:
    with kept_out():
        steps = [[number] for number in range(60_000)]
    try:
        assert gc.get_freeze_count() >= len(steps)
    finally:
        let_in()
    assert gc.get_freeze_count() == 0
