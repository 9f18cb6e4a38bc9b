"""Records and replays programs as a user does: real processes, real sockets, the commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.sdk.engine.provider import provider


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out.splitlines()[-1])


def environment_of(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLAYHEAD_", "OTEL_"))}
    state = {"XDG_STATE_HOME": str(folder / "state"), "PLAYHEAD_JOURNAL": str(folder / "journal")}
    # Where no collector is, and no provider.
    away = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "PROVIDER": "http://127.0.0.1:9"}
    return {**kept, **state, **away, "PYTHONHASHSEED": "11", **more}


def ran(folder: Path, *words: str, **more: str) -> Ran:
    done = subprocess.run(
        words, cwd=folder, env=environment_of(folder, **more), capture_output=True, text=True, timeout=120, check=False
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def playhead(folder: Path, *words: str, **more: str) -> Ran:
    return ran(folder, sys.executable, "-m", "playhead", *words, **more)


def recorded(folder: Path, text: str, *arguments: str) -> tuple[Path, Ran]:
    """The file of a program's recording, and what it printed and how it ended; its provider is gone afterwards."""
    (folder / "agent.py").write_text(text)
    file = folder / "run.playhead"
    with provider() as url:
        words = (sys.executable, "agent.py", *arguments)
        done = playhead(folder, "record", "-q", "-o", str(file), "--", *words, PROVIDER=url)
    return file, done
