"""Those who read at a port, and who waits for them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from playhead_collector.store.readers import LULL_S, Readers

_PATIENCE_S = 60.0


def test_where_nobody_reads_nobody_waits() -> None:
    assert Readers(clock=lambda: 7.0).wait_for(0.5) == 0.5


def test_who_waits_goes_on_once_the_last_reader_has_its_answer_and_asks_for_nothing_more() -> None:
    readers = Readers()
    both_read, first_goes, last_goes = threading.Barrier(3), threading.Event(), threading.Event()

    def read(until: threading.Event) -> None:
        with readers.reading():
            both_read.wait(_PATIENCE_S)
            assert until.wait(_PATIENCE_S)

    with ThreadPoolExecutor(3) as threads:
        first, last = threads.submit(read, first_goes), threads.submit(read, last_goes)
        both_read.wait(_PATIENCE_S)
        waiting = threads.submit(readers.wait_for, _PATIENCE_S)
        first_goes.set()
        first.result(_PATIENCE_S)
        assert not waiting.done()
        last_goes.set()
        last.result(_PATIENCE_S)
        assert 0 < waiting.result(_PATIENCE_S) <= _PATIENCE_S - LULL_S


def test_a_reader_that_stays_is_waited_for_as_long_as_patience_lasts() -> None:
    readers = Readers()
    with readers.reading():
        assert readers.wait_for(LULL_S) == 0.0
