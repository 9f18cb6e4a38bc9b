"""Storing steps back behind reading. That a collector's threads do so is in tests/e2e/test_up.py."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from playhead_collector.store.precedence import STORING, step_back

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="threads have nice values of their own on Linux alone")


def _nice_of_a_thread_that_steps_back(begins_with: int) -> int:
    found: list[int] = []

    def store() -> None:
        me = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, me, begins_with)
        step_back()
        found.append(os.getpriority(os.PRIO_PROCESS, me))

    thread = threading.Thread(target=store)
    thread.start()
    thread.join()
    return found[0]


def test_a_thread_that_stores_steps_back_and_takes_no_other_with_it() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    assert _nice_of_a_thread_that_steps_back(before) == max(STORING, before)
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_a_thread_that_was_further_back_stays_there() -> None:
    assert _nice_of_a_thread_that_steps_back(STORING + 2) == STORING + 2
