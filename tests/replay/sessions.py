"""Sessions of stepping, and what is shown where one stopped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.replay.agents import ran

from playhead_replay.entry import entry_of
from playhead_replay.recording.find import from_file
from playhead_replay.recording.recording import Recording
from playhead_replay.stepping.session import Session, Standing
from playhead_replay.stepping.stop import Ended, Stop


def recording_of(folder: Path, text: str, *arguments: str) -> tuple[Recording, str]:
    """Of the first run of a program that calls `init` itself, and what it printed."""
    (folder / "agent.py").write_text(text)
    done = ran(folder, sys.executable, "agent.py", *arguments)
    assert done.code == 0, done.err
    (journal,) = (folder / "journal").iterdir()
    file = folder / "run.playhead"
    file.write_bytes(b"".join(part.read_bytes() for part in sorted(journal.glob("*.jsonl"))))
    return from_file(file), done.out


@contextmanager
def stepping(recording: Recording, printed: Path) -> Iterator[Session]:
    # At every moment one is kept, so that what a fork could get wrong has its chance.
    with (
        printed.open("wb") as output,
        Session(recording, entry_of(recording), output=output, keep_every_ms=0) as session,
    ):
        yield session


def stopped(standing: Standing) -> Stop:
    assert isinstance(standing, Stop), standing
    return standing


def shown(standing: Standing) -> dict[str, str]:
    return {row.name: row.text for row in stopped(standing).locals}


def where(standing: Standing) -> tuple[str, bool]:
    stop = stopped(standing)
    assert stop.step is not None
    return stop.step.own_name, stop.begins


def walk(standing: Standing, go: Callable[[], Standing]) -> list[Standing]:
    """Until it ends."""
    found = [standing]
    while not isinstance(found[-1], Ended):
        found.append(go())
    return found
