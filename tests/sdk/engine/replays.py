"""Records a program against a provider, takes the provider away, and replays the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.sdk.engine.provider import provider

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Replays:
    file: Path
    recorded: dict[str, Any] | None
    """None where the program did not come to its end."""
    replayed: list[dict[str, Any]]

    def identical(self) -> int:
        return sum(replay == self.recorded for replay in self.replayed)


def record_and_replay(
    programs: Sequence[str], folder: Path, times: int, *, level: str = "record", first: bool = False
) -> dict[str, Replays]:
    with provider() as url:
        recorded = child(level, programs, folder, url, first=first)
    replayed = child("serve", programs, folder, url, times=times, first=first)
    return {
        program: Replays(
            folder / f"{program}.jsonl",
            next((line for line in recorded if line["program"] == program), None),
            [line for line in replayed if line["program"] == program],
        )
        for program in programs
    }


def child(
    direction: str, programs: Sequence[str], folder: Path, url: str, times: int = 1, *, first: bool = False
) -> list[dict[str, Any]]:
    environment = {**os.environ, "PYTHONHASHSEED": "1105", "PLAYHEAD_TEST_FIRST": "1" if first else ""}
    words = [sys.executable, "-m", "tests.sdk.engine.run", direction, str(folder), url, str(times), *programs]
    done = subprocess.run(
        words,
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert not done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
