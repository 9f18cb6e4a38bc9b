"""Three collectors on one embedded store, killed in turn while they ask the rules: `make proof-alerts`.

One of them has the store open, the others write and ask through its ClickHouse port; each has a spool of its own.
Prints how long it took until what came after a kill was told, and what became of all that was acknowledged.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.collector.alerts.asking import MadeRun
from tests.collector.alerts.receiving import Receiving, receiving
from tests.e2e.running import Up, again, get, start, wait_for
from tests.proof.sharing import Owner

from playhead_collector.alerts.courier import TOGETHER
from playhead_collector.alerts.turn import DEAD_AFTER
from playhead_collector.read.source import open_source
from playhead_collector.send import send
from playhead_collector.store.address import parse_address
from playhead_collector.store.query import load

RULE = "repeated_call"
_SETTINGS = """
[receivers.default]
type = "webhook"
url = "{url}"

[rules.repeated_call]
parameters = {{ repeats = 2 }}
"""
_EACH = 6
_STEPS = 3


class Numbers:
    """Runs that offend, each of which there is once."""

    def __init__(self) -> None:
        self.runs: list[MadeRun] = []

    def more(self, count: int = _EACH) -> list[MadeRun]:
        first = len(self.runs) + 1
        made = [
            MadeRun(number).root().tool("get_order", "{}").tool("get_order", "{}")
            for number in range(first, first + count)
        ]
        self.runs += made
        return made


def acknowledged(runs: Iterable[MadeRun], *collectors: Up) -> None:
    """Each run in a request of its own, to one after the other; returns when they are in spools."""
    for number, run in enumerate(runs):
        send([run.request()], collectors[number % len(collectors)].url)


def state(collector: Up) -> dict[str, object]:
    return dict(json.loads(get(collector.url + "/readyz")))


def until_stored(*collectors: Up) -> None:
    for one in collectors:
        wait_for(lambda one=one: state(one)["spool_bytes"] == 0, "the spool to be empty")


def firings(there: Receiving) -> list[tuple[str, str]]:
    """Of each message that said that a run offends: the run, and the key of the message."""
    found = [(one.headers["Idempotency-Key"], one.json) for one in list(there.told)]
    return [
        (body["runs"][0]["run_id"], key) for key, body in found if (body["rule"], body["status"]) == (RULE, "firing")
    ]


def told_of(there: Receiving, runs: Iterable[MadeRun]) -> set[str]:
    """Those of these runs that it was told of."""
    return {run.run_id for run in runs} & {run for run, _ in firings(there)}


def wait_until_told(there: Receiving, runs: Sequence[MadeRun]) -> None:
    wait_for(lambda: len(told_of(there, runs)) == len(runs), "all of these runs to be told")


def answer(owner: Owner, query: str) -> list[tuple[object, ...]]:
    with open_source(parse_address(owner.address)) as source:
        return [tuple(row) for row in source.client.query(query).result_rows]


def in_line(owner: Owner, among: Iterable[Up]) -> list[Up]:
    """Those that live of these, the one whose turn it is first: it began first."""
    by_pid = {str(one.process.pid): one for one in among}
    holders = [str(row[0]).split("-")[-2] for row in answer(owner, load("alert_evaluators"))]
    return [by_pid[pid] for pid in holders if pid in by_pid]


def told_after_a_kill(there: Receiving, runs: Sequence[MadeRun], whom: str, before: int) -> None:
    began = time.monotonic()
    wait_until_told(there, runs)
    print(
        f"{whom} killed with {before} of {len(runs)} told; all were {time.monotonic() - began:.1f} s later (another "
        f"takes over {DEAD_AFTER.total_seconds():.0f} s after the last sign of life)"
    )


def test_whichever_of_three_is_killed_all_is_stored_and_told_once(tmp_path: Path) -> None:
    made = Numbers()
    with ExitStack() as ending, receiving() as there:
        (tmp_path / "alerts.toml").write_text(_SETTINGS.format(url=there.url))
        flags = ("--alert-settings", str(tmp_path / "alerts.toml"))
        owner = Owner(tmp_path / "first", *flags, PLAYHEAD_NO_ALERTS="")
        ending.callback(owner.kill)
        first = owner.start()

        def collector(name: str, before: Up | None = None) -> Up:
            if before is None:
                found = start(tmp_path / name, *flags, store=owner.address, PLAYHEAD_NO_ALERTS="")
            else:
                found = again(before, *flags, PLAYHEAD_NO_ALERTS="")
            ending.callback(found.end, signal.SIGKILL)
            return found

        second, third = collector("second"), collector("third")
        wait_for(lambda: in_line(owner, (first, second, third)) == [first, second, third], "all three to be in line")
        acknowledged(made.more(), first, second, third)
        wait_until_told(there, made.runs)

        # The one that has the store open, and whose turn it is. The others keep what comes, and tell when it is back.
        caught = made.more()
        acknowledged(caught, second, third)
        owner.kill()
        before = len(told_of(there, caught))
        away = made.more()
        acknowledged(away, second, third)
        for one in (second, third):
            wait_for(lambda one=one: state(one)["trouble"], "a store that is away to be noticed")
        waiting = [int(str(state(one)["spool_bytes"])) for one in (second, third)]
        first = owner.start()
        told_after_a_kill(there, [*caught, *away], "the one with the store", before)
        until_stored(second, third)
        wait_for(lambda: in_line(owner, (first, second, third)) == [second, third, first], "the first to be the last")

        # The one whose turn it is now, while it tells; it has acknowledged what nobody else has.
        caught = made.more()
        acknowledged(caught, second, third)
        wait_for(lambda: told_of(there, caught), "the first of these to be told")
        acknowledged(alone := made.more(1), second)
        second.end(signal.SIGKILL)
        before = len(told_of(there, caught))
        acknowledged(after := made.more(), first, third)
        second = collector("second", second)
        told_after_a_kill(there, [*caught, *alone, *after], "the second", before)

        # And the next, before it has looked. Then it is the turn of the one with the store again.
        assert in_line(owner, (first, second, third))[0] is third
        acknowledged(caught := made.more(), second, third)
        third.end(signal.SIGKILL)
        before = len(told_of(there, caught))
        third = collector("third", third)
        told_after_a_kill(there, caught, "the third", before)
        until_stored(first, second, third)

        told = firings(there)
        steps = answer(owner, "SELECT run_id, steps FROM runs ORDER BY run_id")
        rows = answer(owner, "SELECT count(), uniqExact(run_id, step_id) FROM step_rows")
        repeated = len(told) - len(set(told))
        print(
            f"{len(made.runs)} runs offend, {len({run for run, _ in told})} told; {repeated} messages repeated under "
            f"one key; {rows[0][0]} steps stored of {_STEPS * len(made.runs)}, {rows[0][1]} different ones; "
            f"{waiting} bytes waited in the others' spools while the store was away"
        )
        assert all(waiting)
        assert steps == [(run.run_id, _STEPS) for run in made.runs]
        assert rows == [(_STEPS * len(made.runs), _STEPS * len(made.runs))]
        assert {run for run, _ in told} == {run.run_id for run in made.runs}
        assert len(set(told)) == len(made.runs), "a run was told as two alerts"
        # What a receiver had, and its sender had not yet written down when it was killed, comes again under its key.
        assert repeated <= 3 * TOGETHER
        for one in (first, second, third):
            assert "Traceback" not in one.log
