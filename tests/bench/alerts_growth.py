"""What the rules of alerts cost in a store fifty times as large: they are to read what is new, not everything.

Two databases of one embedded engine, one with 100,000 steps of the last day, the other with the same and with 49 days
before it, as many each. Both get the same new runs, and all shipped rules are asked about them, in turns. What older
days hold of messages is left out; steps and rows of runs are there. PLAYHEAD_BENCH_STEPS=200000 gives a quick look;
PLAYHEAD_BENCH_KEEP=DIR leaves both there, and takes them from there the next time.

Cost is CPU of the whole process, which on a busy machine says more than time does; merges wait until all is measured.
"""

from __future__ import annotations

import os
import statistics
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.bench.traffic import light
from tests.bench.wire import Batch

from playhead_collector.alerts.ask import Moment, ask
from playhead_collector.alerts.changed import store_time
from playhead_collector.alerts.evaluator import Evaluator
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.alerts.watch import ASKING
from playhead_collector.store.address import parse_address
from playhead_collector.store.ddl import Form
from playhead_collector.store.engine import Engine
from playhead_collector.store.migrations import migrate
from playhead_collector.store.runs import recompute
from playhead_collector.store.store import insert_settings

_STEPS = int(os.environ.get("PLAYHEAD_BENCH_STEPS", "5000000"))
_SMALL = 100_000
_NEW_RUNS, _LOOKS, _RULE_LOOKS = 50, 15, 5
_A_SEGMENT = 100
_PATIENCE_S = 60.0
_DAY_NS = 86_400 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Cost:
    """What the same took again and again, in milliseconds."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def measure(self, action: Callable[[], object]) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        action()
        self.cpu.append((time.process_time() - cpu) * 1000)
        self.wall.append((time.perf_counter() - wall) * 1000)

    def typical(self) -> tuple[float, float]:
        return statistics.median(self.cpu), statistics.median(self.wall)


class _Store:
    """One of the two databases, and what asking about it costs."""

    def __init__(self, engine: Engine, name: str, folder: Path, rules: Sequence[Rule]) -> None:
        # Of what is asked twice in one form, the engine remembers which granules hold nothing; production asks once.
        self.client = engine.connect(settings={**ASKING, "use_query_condition_cache": 0})
        self._filler = engine.connect(settings={"log_queries": 0})
        for client in (self._filler, self.client):
            migrate(client, name, Form(retention_days=3650), "bench")
        self._engine, self._folder, self._rules = engine, folder, rules
        self._evaluator = Evaluator(self.client, [Ruling(rule) for rule in rules if rule.about_runs], alone=True)
        self.look, self.by_rule = _Cost(), {rule.name: _Cost() for rule in rules}

    def store(self, batches: Sequence[Batch]) -> None:
        writer = self._engine.connect(str(self.client.database), insert_settings())
        for start in range(0, len(batches), _A_SEGMENT):
            path = self._folder / f"{uuid.uuid4().hex}.bin"
            # Requests one after the other are a request.
            path.write_bytes(b"".join(batch.body for batch in batches[start : start + _A_SEGMENT]))
            self._engine.insert_otlp(writer, "otlp_traces", "ExportTraceServiceRequest", path, path.stem)
            path.unlink()
        recompute(self._filler, {run_id for batch in batches for run_id in batch.run_ids})
        writer.close()

    def repeat_day(self, days: int) -> None:
        """The day that is there, again and again, each under other ids and further back, in time and in arrival."""
        for day in range(1, days + 1):
            back = f"toIntervalDay({day})"
            other = f"lower(hex(MD5(concat(run_id, '{day}')))) AS run_id"
            for table, more in (
                ("step_rows", ""),
                ("run_rows", f", computed_at - {day * 86_400_000_000} AS computed_at"),
            ):
                times = ", ".join(f"{name} - {back} AS {name}" for name in ("start_time", "end_time", "arrived_at"))
                self._filler.command(
                    f"INSERT INTO {table} SELECT * REPLACE ({other}, {times}{more}) "
                    f"FROM (SELECT * FROM {table} WHERE arrived_at > now() - toIntervalHour(20))"
                )

    def ask(self, new: Sequence[Batch], number: int) -> None:
        """A look about what is new, and each rule by itself."""
        self.store(new)
        if number == 0:
            # It goes on from an hour ago.
            self._evaluator.look()
            return
        self.look.measure(lambda: self._look(len({run for batch in new for run in batch.run_ids})))
        if number > _RULE_LOOKS:
            return
        runs = [run for batch in new for run in batch.run_ids]
        start = self.client.query(
            "SELECT min(start_time) FROM run_rows WHERE run_id IN {runs:Array(String)}", parameters={"runs": runs}
        ).result_rows[0][0]
        for rule in self._rules:
            ruling, moment = Ruling(rule), Moment(store_time(self.client), runs, began=start)
            self.by_rule[rule.name].measure(partial(self._ask, ruling, moment))

    def _look(self, wanted: int) -> None:
        look = self._evaluator.look()
        if look.runs < wanted or self._evaluator.failures:
            raise RuntimeError(f"{look.runs} runs were judged; {self._evaluator.failures}")

    def _ask(self, ruling: Ruling, moment: Moment) -> None:
        ask(self.client, ruling.admitted(self.client), moment)

    def steps(self) -> int:
        return int(self.client.query("SELECT count() FROM step_rows").result_rows[0][0])

    def hold_merges(self) -> None:
        """After those that are under way, and no others."""
        deadline = time.monotonic() + _PATIENCE_S
        under_way = "SELECT count() FROM system.merges WHERE database = currentDatabase()"
        while self.client.query(under_way).result_rows != [(0,)] and time.monotonic() < deadline:
            time.sleep(0.5)
        for (table,) in self.client.query(
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
        ).result_rows:
            self.client.command(f"SYSTEM STOP MERGES {table}")


def growth(folder: Path, rules: Sequence[Rule]) -> dict[str, object]:
    """`growth_ratio`: a look about new runs and each rule about a window once, at many steps over few."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = Engine(parse_address(f"chdb://{Path(os.environ.get('PLAYHEAD_BENCH_KEEP', folder)) / 'store'}"))
    small, large = (_Store(engine, name, folder, rules) for name in ("small", "large"))
    if large.steps() < 0.99 * _STEPS:
        today = list(light(_SMALL // 20, start_ns=time.time_ns() - _DAY_NS, run_every_ns=_DAY_NS // (_SMALL // 20)))
        for one in (small, large):
            one.store(today)
        large.repeat_day(_STEPS // _SMALL - 1)
    steps = [one.steps() for one in (small, large)]
    for one in (small, large):
        one.hold_merges()
    for number in range(_LOOKS + 1):
        new = list(light(_NEW_RUNS, seed=time.time_ns(), start_ns=time.time_ns(), run_every_ns=1_000_000))
        for one in (small, large):
            one.ask(new, number)
    engine.close()
    return _told(small, large, rules, steps)


def _told(small: _Store, large: _Store, rules: Sequence[Rule], steps: Sequence[int]) -> dict[str, object]:
    print(f"CPU in ms at {steps[0]:,} and {steps[1]:,} steps, about {_NEW_RUNS} new runs:")
    looks = [one.look.typical() for one in (small, large)]
    print(f"  {'a look about runs':22}{looks[0][0]:8.1f}{looks[1][0]:8.1f}")
    windows = [[0.0, 0.0], [0.0, 0.0]]
    ratios: dict[str, float] = {}
    for rule in rules:
        both = [one.by_rule[rule.name].typical() for one in (small, large)]
        ratios[rule.name] = both[1][0] / both[0][0]
        print(f"  {rule.name:22}{both[0][0]:8.1f}{both[1][0]:8.1f}  about {'runs' if rule.about_runs else 'a window'}")
        if not rule.about_runs:
            for place in (0, 1):
                for kind in (0, 1):
                    windows[place][kind] += both[place][kind]
    cost = [[looks[place][kind] + windows[place][kind] for kind in (0, 1)] for place in (0, 1)]
    worst = max(ratios, key=lambda name: ratios[name])
    return {
        "growth_ratio": round(cost[1][0] / cost[0][0], 2),
        "growth_ratio_of_time": round(cost[1][1] / cost[0][1], 2),
        "growth_ratio_of_looks": round(looks[1][0] / looks[0][0], 2),
        "growth_steps": steps[1],
        "growth_worst_rule": f"{worst} {ratios[worst]:.2f}",
        "look_small_cpu_ms": round(looks[0][0], 1),
        "look_large_cpu_ms": round(looks[1][0], 1),
        "windows_small_cpu_ms": round(windows[0][0], 1),
        "windows_large_cpu_ms": round(windows[1][0], 1),
        "rules": len(rules),
    }
