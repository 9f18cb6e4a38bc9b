"""A `playhead` command as an operator types it: in a process of its own, with its time and the most memory it had."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Took:
    seconds: float
    cpu_s: float
    peak_rss_mb: int


def playhead(*words: str) -> Took:
    began = time.monotonic()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")}
    process = subprocess.Popen([sys.executable, "-m", "playhead", *words], env=kept, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"playhead {words[0]} ended with {process.returncode}; see above")
    cpu = used.ru_utime + used.ru_stime
    return Took(round(time.monotonic() - began, 1), round(cpu, 1), round(used.ru_maxrss / 1024))
