"""Python's collection of garbage, kept out of the way of large work.

A full collection walks all objects that there are, and nothing else runs meanwhile, no key either. While 10,000 steps
are read there are several, which took as long as the reading itself. So there is none until the work is done, and what
it made is not walked until the screen that shows it is closed.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Objects beyond which walking them would be felt, some 10 ms.
_MANY = 50_000

_lock = threading.Lock()
_at_work: list[int] = []


@contextmanager
def kept_out() -> Iterator[None]:
    """By several threads at once, too: until the last of them is done."""
    with _lock:
        _at_work.append(threading.get_ident())
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _at_work.pop()
            if not _at_work:
                # Else the first collection would walk what was made, and be that pause.
                if gc.get_count()[0] > _MANY:
                    gc.freeze()
                gc.enable()


def let_in() -> None:
    """What was made may go: from now on it is walked again."""
    gc.unfreeze()
