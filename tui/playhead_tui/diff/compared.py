"""Two runs as the screen that compares them needs them: read, compared and folded, once, in a worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from playhead_collector.read.fork import Fork, fork_of
from playhead_collector.read.run import Run, find_run, read_run
from playhead_replay.diff.outline import Begun, Ended, Entry, Folded, is_first, outline
from playhead_replay.diff.run import RunDiff, diff_runs
from playhead_tui.reading import Reader


@dataclass(frozen=True, slots=True)
class Compared:
    diff: RunDiff
    forks: tuple[Fork | None, Fork | None]
    """Of either run, which it is a fork of."""
    entries: tuple[Entry, ...]
    first: Begun | Ended | None
    """Where the runs part first."""


def compare(reader: Reader, a: str, b: str, say: Callable[[str], None]) -> Compared:
    """Runs by their ids, or by how those begin; raises UsageError where there is none. `say` is told what goes on."""

    def read(run: str, side: str) -> tuple[Run, Fork | None]:
        say(f"reading {side} …")
        return reader.ask(lambda client: _read(client, run))

    (run_a, fork_a), (run_b, fork_b) = read(a, "A"), read(b, "B")
    say(f"comparing {len(run_a.nodes):,} with {len(run_b.nodes):,} steps …")
    diff = diff_runs(run_a, run_b)
    entries = tuple(outline(diff.pairs))
    first = next(
        (
            entry
            for entry in entries
            if not isinstance(entry, Folded) and is_first(diff.first, diff.pairs[entry.place], entry)
        ),
        None,
    )
    return Compared(diff, (fork_a, fork_b), entries, first)


def _read(client: Client, run: str) -> tuple[Run, Fork | None]:
    run_id = find_run(client, run) if len(run) < 32 else run
    return read_run(client, run_id), fork_of(client, run_id)
