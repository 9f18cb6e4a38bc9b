"""Service levels measured again and again, in a thread of their own: who reads `/metrics` never waits for the store.

Only the process whose turn it is to ask the rules measures (alerts/turn.py): the figures are about all runs of a
project, and each process would come to the same.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from time import perf_counter

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from playhead.errors import PlayheadError
from playhead_collector.slo.measured import MOST_OBJECTIVES, Measured, measure
from playhead_collector.slo.objectives import Objectives

log = logging.getLogger(__name__)

# How soon this one sees that its turn has come.
_TURN_S = 1.0
_SHARE = 10
"""A month of many runs takes seconds to read: then the pause is so many times as long."""


class Measuring:
    """Stopping is safe before starting, and twice."""

    def __init__(
        self,
        connect: Callable[[str], Client],
        projects: Sequence[str],
        told: Objectives,
        every_s: float,
        *,
        has_turn: Callable[[str], bool],
        measured: Callable[[str, Measured | None], None],
    ) -> None:
        self._connect = connect
        self._projects = projects
        self._told = told
        self._every_s = every_s
        self._has_turn = has_turn
        self._measured = measured
        self._clients: dict[str, Client] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Where there is no objective there is nothing to do."""
        if self._told.objectives:
            if len(self._told.objectives) > MOST_OBJECTIVES:
                log.warning("metrics show the first %d objectives of the file, and no more", MOST_OBJECTIVES)
            self._thread = threading.Thread(target=self._run, name="levels", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
            self._thread = None

    def _run(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(self._round())

    def _round(self) -> float:
        """Measures each project; returns how long to wait for the next time."""
        began = perf_counter()
        mine = [project for project in self._projects if self._has_turn(project)]
        for project in self._projects:
            if self._stop.is_set():
                break
            if project in mine:
                self._measure(project)
            else:
                self._measured(project, None)
        return max(self._every_s, _SHARE * (perf_counter() - began)) if mine else _TURN_S

    def _measure(self, project: str) -> None:
        """Figures that cannot be had again stay as they were, with the time at which they were so."""
        try:
            if project not in self._clients:
                self._clients[project] = self._connect(project)
            self._measured(project, measure(self._clients[project], self._told, datetime.now(UTC)))
        except Exception as error:
            away = isinstance(error, (ClickHouseError, PlayheadError, OSError))
            log.warning(
                "service levels of project %s were not measured, again in %.0f s: %s",
                project, self._every_s, error, exc_info=not away,
            )  # fmt: skip
