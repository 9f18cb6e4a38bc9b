"""Rules asked again and again, and receivers told: what a collector, or `playhead alerts run`, does about alerts.

One thread looks, project after project; each receiver has a courier. A look begins when something was stored, as who
stores says it, and after a rest that grows with what the last look took: asking may take a share of the machine, and
never all of it. A store that others write to, too, is looked at again and again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from playhead.errors import PlayheadError
from playhead_collector.alerts.courier import Courier
from playhead_collector.alerts.evaluator import Evaluator, GiveWay, Look, nobody_reads
from playhead_collector.alerts.journal import Owed
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.alerts.settings import Receiver
from playhead_collector.errors import first_line

log = logging.getLogger(__name__)

# After a look, of what it took: two thirds of one core, as readers have the same ones, and more only where a look takes
# over a second. A rest as long as the look, however slow that was, made the slow ones slower.
REST, LONGEST_REST_S = 0.5, 0.5
# So long after that the store is looked at where nobody said that something was stored; less where runs change.
PAUSE_S, BUSY_PAUSE_S = 0.5, 0.25
_AWAY_S = 5.0

ASKING = {
    # A rule is a guest: it must neither keep the others waiting nor take the collector's memory.
    "max_execution_time": 20,
    "max_memory_usage": 1024 * 1024 * 1024,
    "max_threads": 2,
    # Copies of a step begin on one day, and so lie in one partition: 180 to 76 ms at a million steps of 50 days.
    "do_not_merge_across_partitions_select_final": 1,
    "async_insert": 0,
    "log_queries": 0,
}

Connect = Callable[[str], Client]


@dataclass(slots=True)
class Watched:
    """One project's evaluator and couriers."""

    project: str
    evaluator: Evaluator
    couriers: dict[str, Courier]


class Watch:
    """Stopping is safe before starting, and twice."""

    def __init__(
        self,
        connect: Connect,
        projects: Sequence[str],
        rulings: Sequence[Ruling],
        receivers: dict[str, Receiver],
        *,
        alone: bool,
        broken: Collection[str] = (),
        looked: Callable[[str, Look, Evaluator], None] = lambda project, look, evaluator: None,
        told: Callable[[str, str], None] = lambda receiver, outcome: None,
        give_way: GiveWay = nobody_reads,
    ) -> None:
        self._connect = connect
        self._projects = list(projects)
        self._rulings = rulings
        self._receivers = receivers
        self._alone = alone
        self._broken = broken
        self._looked = looked
        self._told = told
        self._give_way = give_way
        self._stop = threading.Event()
        self._news = threading.Event()
        self._thread: threading.Thread | None = None
        self._away_until: dict[str, float] = {}
        self.watched: dict[str, Watched] = {}

    def start(self) -> None:
        self._thread = threading.Thread(target=self.run, name="alerts", daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        """From a signal's handler: `run` returns soon."""
        self._stop.set()

    def stop(self, timeout_s: float = 10.0) -> None:
        self._stop.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
            self._thread = None

    def stored(self) -> None:
        """Runs changed: they are looked at without waiting for the next time. From any thread."""
        self._news.set()

    def has_turn(self, project: str) -> bool:
        """Whether this process is the one that asks a project's rules. From any thread."""
        watched = self.watched.get(project)
        return watched is not None and watched.evaluator.has_turn

    def run(self) -> None:
        """Until it is stopped."""
        try:
            while not self._stop.is_set():
                # What is stored from now on this look may miss, and the next one begins with it.
                self._news.clear()
                rest, patience = self._look()
                if not self._stop.wait(rest):
                    self._news.wait(patience)
        finally:
            self._leave()

    def _look(self) -> tuple[float, float]:
        """One look at each project; returns how long to rest, and how long to wait then for what is stored. One that
        fails keeps no other waiting, and is left alone for a while.
        """
        took, judged = 0.0, 0
        for project in self._projects:
            if monotonic() < self._away_until.get(project, 0.0):
                continue
            try:
                watched = self._watched(project)
                look = watched.evaluator.look()
            except Exception as error:
                if project in self.watched:
                    self.watched[project].evaluator.forget()
                away = isinstance(error, (ClickHouseError, PlayheadError, OSError))
                log.warning(
                    "alerts of project %s: a look failed, again in %.0f s: %s",
                    project,
                    _AWAY_S,
                    first_line(error),
                    exc_info=not away,
                )
                self._away_until[project] = monotonic() + _AWAY_S
                continue
            if not watched.evaluator.has_turn:
                # Whose turn it is tells what is owed; when it is this one's again, the resume brings what still is.
                for courier in watched.couriers.values():
                    courier.drop()
            took += look.seconds
            judged += look.runs
            self._looked(project, look, watched.evaluator)
        return min(REST * took, LONGEST_REST_S), BUSY_PAUSE_S if judged else PAUSE_S

    def _watched(self, project: str) -> Watched:
        if project not in self.watched:
            # Rulings remember what was looked at, against this project's database.
            rulings = [Ruling(one.rule, one.chosen, one.notify) for one in self._rulings]
            rules = {one.rule.name: one.rule for one in rulings}
            couriers = {
                name: Courier(name, receiver, partial(self._connect, project), rules, project, told=self._told)
                for name, receiver in self._receivers.items()
            }
            evaluator = Evaluator(
                self._connect(project),
                rulings,
                alone=self._alone,
                broken=self._broken,
                tell=partial(_hand, couriers),
                is_waited_for=self._news.is_set,
                give_way=self._give_way,
            )
            self.watched[project] = Watched(project, evaluator, couriers)
        return self.watched[project]

    def _leave(self) -> None:
        for watched in self.watched.values():
            for courier in watched.couriers.values():
                courier.stop()
            try:
                watched.evaluator.leave()
            except (ClickHouseError, PlayheadError, OSError) as error:
                log.warning(
                    "alerts of project %s: others were not told that this one stops: %s", watched.project, error
                )


def _hand(couriers: dict[str, Courier], owed: Owed) -> None:
    courier = couriers.get(owed.receiver)
    if courier is not None:
        courier.tell(owed)
