"""Runs a program live, recorded into a file by `playhead record`: to record it again, or to look at it at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

from playhead_replay.entry import Entry
from playhead_replay.errors import NotReplayable


def record_live(entry: Entry, file: Path, output: IO[bytes], errors: IO[bytes] | None = None) -> int:
    """The file is replaced once the program has ended, however it did. What it prints goes into a file, or into two.

    Raises NotReplayable where it did not begin.
    """
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    # -P: what is recorded may have a folder named like ours.
    words = [sys.executable, "-P", "-m", "playhead", "record", "-q", "-o", str(partial), "--", *entry.words]
    inherited = os.environ.get("PYTHONPATH")
    path = [*entry.path, *([inherited] if inherited else [])]
    try:
        code = subprocess.run(
            words, cwd=entry.folder, env={**os.environ, "PYTHONPATH": os.pathsep.join(path)}, check=False,
            stdin=subprocess.DEVNULL, stdout=output, stderr=errors or subprocess.STDOUT,
        ).returncode  # fmt: skip
        if not partial.is_file():
            raise NotReplayable(f"{entry.words[0]!r} was not recorded: it did not begin, or did not end by itself")
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    return code
