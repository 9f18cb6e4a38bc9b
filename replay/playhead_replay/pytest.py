"""Recordings as regression tests: one line of a test file makes a test of each recording in a folder.

    from playhead_replay.pytest import recordings

    test_recordings = recordings("tests/recordings")

A test executes its recording's program again, from the repository that the folder is in, with the network gone. It
passes where the replay is identical, a recorded failure included. `pytest --playhead-rerecord`, or the marker
`playhead_rerecord`, runs the program live instead, replaces the file, and replays that.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from playhead.errors import PlayheadError
from playhead.journal.single import ENDING

if TYPE_CHECKING:
    from playhead_replay.recording.recording import Recording

_LAST_LINES = 30
RECORDINGS, VERDICTS = "PLAYHEAD_RECORDINGS", "PLAYHEAD_VERDICTS"
"""Where `playhead eval` says which folder is meant, and which file takes a line for each recording that was tried."""


def recordings(folder: str | Path) -> Callable[..., None]:
    """A test for each `.playhead` file in the folder, which is looked for beside the test file and in the folders above
    it."""
    here = Path(str(sys._getframe(1).f_globals.get("__file__", "."))).resolve()
    given = os.environ.get(RECORDINGS)
    found = Path(given) if given else next((at / folder for at in here.parents if (at / folder).is_dir()), None)
    files = [] if found is None else sorted(found.glob(f"*{ENDING}"))
    if not files:
        # Nothing to test would be a test that cannot fail.
        pytest.fail(f"{found or folder} holds no recording; make one: playhead export RUN -o {folder}/", pytrace=False)

    @pytest.mark.parametrize("recording", [pytest.param(file, id=file.stem) for file in files])
    def test_recording(recording: Path, request: pytest.FixtureRequest) -> None:
        live = request.config.getoption("--playhead-rerecord", default=False)
        live = bool(live or request.node.get_closest_marker("playhead_rerecord") is not None)
        if live:
            _replace(recording, here.parent)
        _replay(recording, here.parent, live)

    return test_recording


def _replay(file: Path, tree: Path, live: bool) -> None:
    # Here, since they bring clients of stores with them, and a test file is imported for many reasons.
    from playhead_replay.launch import aside
    from playhead_replay.recording.find import from_file
    from playhead_replay.replay import replay
    from playhead_replay.told import told

    with tempfile.TemporaryFile() as output:
        try:
            recording = from_file(file)
            certificate, verdict = replay(recording, checkout=_checkout(recording, tree), run=aside(output))
        except PlayheadError as error:
            _tell(file, "refused", str(error), live)
            pytest.fail(f"{file} cannot be replayed: {error}", pytrace=False)
        _tell(file, verdict.status, verdict.what, live)
        if verdict.status != "identical":
            pytest.fail("\n".join([str(file), *told(certificate, verdict), *_printed(output)]), pytrace=False)


def _replace(file: Path, tree: Path) -> None:
    from playhead_replay.entry import entry_of
    from playhead_replay.live import record_live
    from playhead_replay.recording.find import from_file

    with tempfile.TemporaryFile() as output:
        try:
            recording = from_file(file)
            record_live(entry_of(recording, checkout=_checkout(recording, tree)), file, output)
        except PlayheadError as error:
            _tell(file, "refused", str(error), live=True)
            pytest.fail("\n".join([f"{file} cannot be recorded again: {error}", *_printed(output)]), pytrace=False)


def _tell(file: Path, status: str, what: str, live: bool) -> None:
    """To `playhead eval`, where it asks."""
    asked = os.environ.get(VERDICTS)
    if asked:
        with Path(asked).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"file": file.name, "status": status, "what": what, "live": live}) + "\n")


def _checkout(recording: Recording, tree: Path) -> Path | None:
    """The repository that the test is kept in, where the recorded program was in one."""
    from playhead.fingerprint.code import repository_of

    repository = repository_of([tree])
    if repository is None or not recording.origin.get("code"):
        return None
    return repository.root


def _printed(output: IO[bytes]) -> Iterator[str]:
    output.seek(0)
    lines = output.read().decode("utf-8", "replace").splitlines()
    if lines:
        yield "--- what the program printed ---"
    yield from lines[-_LAST_LINES:]
