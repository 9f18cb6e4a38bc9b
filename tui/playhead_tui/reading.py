"""The store as screens see it: opened at the first question, lost when it does not answer, opened again by the next.

Its functions block; they are called in workers, never where keys are handled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import urllib3
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, OperationalError
from clickhouse_connect.driver.httpclient import HttpClient

from playhead.errors import PlayheadError
from playhead_collector.errors import StoreUnavailable, Unauthenticated, first_line
from playhead_collector.read.source import Source

Answer = TypeVar("Answer")


class StoreLost(Exception):
    """The store does not answer, or cannot be opened, for now."""


class QuestionRefused(Exception):
    """The store answers, and not this."""


class Reader:
    """One source for all screens, and what becomes of it."""

    def __init__(self, open_it: Callable[[bool], Source]) -> None:
        """`open_it` is told whether a collector was read through before: one that is started anew must find its folder
        free, so it is waited for.
        """
        self._open_it = open_it
        self._was_collector = False
        self._source: Source | None = None
        self._opening = threading.Lock()
        # A handle of an embedded store takes one question at a time.
        self._one_at_a_time = threading.Lock()
        self.opened_here = False
        """Whether the folder was opened by this process: no collector can, as long as it is."""

    def ask(self, question: Callable[[Client], Answer]) -> Answer:
        """What the store answers. Raises StoreLost or QuestionRefused, and a UsageError as it is."""
        source = self._open()
        try:
            if isinstance(source.client, HttpClient):
                return question(source.client)
            with self._one_at_a_time:
                return question(source.client)
        except DatabaseError as error:
            if isinstance(error, OperationalError) or _is_gone(error):
                raise self._lost(source, error) from error
            raise QuestionRefused(first_line(error)) from error
        except (ClickHouseError, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._lost(source, error) from error

    def ask_soon(self, question: Callable[[Client], Answer]) -> Future[Answer]:
        """In a thread of its own, before those are there who want the answer; what `ask` raises is in it."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="playhead-ask")
        try:
            return thread.submit(self.ask, question)
        finally:
            thread.shutdown(wait=False)

    def open_soon(self) -> None:
        """In a thread of its own, before anybody asks. What goes wrong is for the first question to find out."""

        def work() -> None:
            with suppress(StoreLost, PlayheadError):
                self._open()

        threading.Thread(target=work, name="playhead-open").start()

    def close(self) -> None:
        with self._opening:
            if self._source is not None:
                self._source.close()
            self._source = None

    def _open(self) -> Source:
        with self._opening:
            if self._source is None:
                try:
                    self._source = self._open_it(self._was_collector)
                except (StoreUnavailable, Unauthenticated) as error:
                    raise StoreLost(str(error)) from error
                except PlayheadError:
                    raise
                except (ClickHouseError, OSError) as error:
                    raise StoreLost(first_line(error)) from error
                self.opened_here = self._source.opened
                self._was_collector = self._was_collector or not self._source.opened
            return self._source

    def _lost(self, source: Source, error: Exception) -> StoreLost:
        with self._opening:
            if self._source is source:
                self._source = None
                source.close()
        return StoreLost(f"the store does not answer: {first_line(error)}")


def _is_gone(error: DatabaseError) -> bool:
    """A proxy's or a stopping collector's answer, which says nothing of the question."""
    return any(code in str(error) for code in ("HTTP driver received HTTP status 502", "status 503", "status 504"))
