"""How far a run can be replayed, in a few words, for the screens that show runs. Asked in a worker.

What a server recorded in a day takes seconds to read, in which keys would wait; of such a run the words say which
command tells. Nothing is guessed: a run that was not looked into has no words.
"""

from __future__ import annotations

from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from playhead.errors import PlayheadError
from playhead_collector.read.recordings import processes_of, size_of

# Parsed at about 50 MB a second, and everything else waits for half of that.
_MOST_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Replayable:
    words: str
    style: str
    why: str = ""
    """What stands against more, gravest first."""


PLAYBACK = Replayable("playback only", "dim", "it came without a recording")


def replayable(client: Client, run_id: str) -> Replayable:
    """By its certificate, where it has a recording."""
    processes = processes_of(client, run_id)
    if not processes:
        return PLAYBACK
    size = sum(size_of(client, process) for process in processes)
    if size > _MOST_BYTES:
        mb = round(size / 2**20)
        return Replayable(f"'playhead certify {run_id[:12]}' says, of {mb} MB, how far it replays", "yellow")
    # Only here: what executes programs is not needed for the first rows.
    from playhead_replay.certificate import certify
    from playhead_replay.recording.find import from_store

    try:
        certificate = certify(from_store(client, run_id))
    except PlayheadError as error:
        return Replayable("playback only", "yellow", str(error))
    grave = [reason.what for reason in certificate.reasons if reason.grave]
    why = grave[0] if grave else ""
    if certificate.level == "exact":
        return Replayable("replayable: exact", "green")
    if certificate.level == "playback":
        return Replayable("playback only", "yellow", why)
    until = f", up to step {certificate.until_step}" if certificate.until_step is not None else ""
    return Replayable(f"replayable: partial{until}", "yellow", why)
