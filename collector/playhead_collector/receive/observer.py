"""What the way in tells whoever counts: metrics live elsewhere, and these modules must never import them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from playhead_collector.receive.signal import Signal


class Observer(Protocol):
    def received(self, signal: Signal, protocol: str, items: int, size: int) -> None:
        """A request was acknowledged: its spans, log records or data points; its bytes once decompressed."""

    def rejected(self, signal: Signal, items: int) -> None:
        """Items of an acknowledged request that were not kept."""

    def refused(self, signal: Signal, protocol: str, reason: str) -> None:
        """A whole request was refused; `reason` is the name of the error."""

    def answered(self, signal: Signal, protocol: str, seconds: float) -> None:
        """A request came to its end, well or not, after so long."""


class Unobserved:
    """Counts nothing."""

    def received(self, signal: Signal, protocol: str, items: int, size: int) -> None: ...
    def rejected(self, signal: Signal, items: int) -> None: ...
    def refused(self, signal: Signal, protocol: str, reason: str) -> None: ...
    def answered(self, signal: Signal, protocol: str, seconds: float) -> None: ...


@contextmanager
def watched(observer: Observer, signal: Signal, protocol: str) -> Iterator[None]:
    """Tell the observer how a request ended, and after how long."""
    began = time.perf_counter()
    try:
        yield
    except BaseException as error:
        observer.refused(signal, protocol, type(error).__name__)
        raise
    finally:
        observer.answered(signal, protocol, time.perf_counter() - began)
