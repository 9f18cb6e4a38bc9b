"""Of a fork, which run it is of."""

from __future__ import annotations

from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from playhead_collector.read.together import Question, ask_together


@dataclass(frozen=True, slots=True)
class Fork:
    parent: str
    """The run's id."""
    at: int
    """From which of its steps; 0 where it was executed again on the way to another fork of its process."""


def fork_of(client: Client, run_id: str) -> Fork | None:
    """None of a run that is no fork."""
    (rows,) = ask_together(client, Question("forks_of_runs", {"runs": [run_id]}))
    return Fork(rows[0]["parent"], int(rows[0]["at"])) if rows else None
