"""Three collectors before one server, two of which are killed while they ask the rules: `make proof-alerts`.

The server is the stand-in of clickhouse.py. Prints how long it took until what came after a kill was told.
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
from tests.e2e.running import Up, get, up, wait_for
from tests.proof.clickhouse import Standin

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
_EACH = 10


def offending(numbers: Iterable[int]) -> list[MadeRun]:
    return [MadeRun(number).root().tool("get_order", "{}").tool("get_order", "{}") for number in numbers]


def store_through(collector: Up, runs: Iterable[MadeRun]) -> None:
    """Each in a request of its own; returns when they are stored."""
    send([run.request() for run in runs], collector.url)
    wait_for(lambda: json.loads(get(collector.url + "/readyz"))["spool_bytes"] == 0, "the spool to be empty")


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


def asking(server: Standin, among: Iterable[Up]) -> Up:
    """The one whose turn it is: of those that live, the one that began first."""
    by_pid = {str(one.process.pid): one for one in among}
    with open_source(parse_address(server.address)) as source:
        holders = [str(row[0]) for row in source.client.query(load("alert_evaluators")).result_rows]
    return next(by_pid[pid] for holder in holders if (pid := holder.split("-")[-2]) in by_pid)


def in_line(server: Standin) -> int:
    with open_source(parse_address(server.address)) as source:
        return len(source.client.query(load("alert_evaluators")).result_rows)


def test_when_the_one_that_asks_is_killed_another_takes_over_and_each_run_is_told_once(tmp_path: Path) -> None:
    server = Standin(tmp_path / "clickhouse")
    server.start()
    with ExitStack() as ending, receiving() as there:
        ending.callback(server.kill)
        (tmp_path / "alerts.toml").write_text(_SETTINGS.format(url=there.url))
        flags = ("--alert-settings", str(tmp_path / "alerts.toml"))
        living = [
            ending.enter_context(up(tmp_path / name, *flags, store=server.address, PLAYHEAD_NO_ALERTS=""))
            for name in ("first", "second", "third")
        ]
        wait_for(lambda: in_line(server) == 3, "all three to say that they live")
        runs = offending(range(1, _EACH + 1))
        store_through(living[0], runs)
        wait_until_told(there, runs)
        kills = 0
        while len(living) > 1:
            kills += 1
            killed = asking(server, living)
            living.remove(killed)
            caught = offending(range(len(runs) + 1, len(runs) + _EACH + 1))
            store_through(living[0], caught)
            if kills == 2:
                # The first dies before it has looked, this one while it tells.
                wait_for(lambda sent=caught: told_of(there, sent), "the first of these to be told")
            killed.end(signal.SIGKILL)
            at, before = time.monotonic(), len(told_of(there, caught))
            after = offending(range(len(runs) + _EACH + 1, len(runs) + 2 * _EACH + 1))
            store_through(living[-1], after)
            wait_until_told(there, [*caught, *after])
            runs += [*caught, *after]
            print(
                f"killed with {before} of {_EACH} told; all {2 * _EACH} were told {time.monotonic() - at:.1f} s later "
                f"(another takes over {DEAD_AFTER.total_seconds():.0f} s after the last sign of life)"
            )
        told = firings(there)
        repeated = len(told) - len(set(told))
        print(
            f"{len(runs)} runs offend, {len({run for run, _ in told})} told; {repeated} messages repeated under one key"
        )
        assert {run for run, _ in told} == {run.run_id for run in runs}
        assert len(set(told)) == len(runs), "a run was told as two alerts"
        # What a receiver had, and its sender had not yet written down when it was killed, comes again under its key.
        assert repeated <= kills * TOGETHER
        assert "Traceback" not in living[0].log
