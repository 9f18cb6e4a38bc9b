"""What benches of a store share: a folder for it while they run, and their figures as one line of JSON at the end."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path


def measure(run: Callable[[Path], Mapping[str, object]]) -> None:
    print(json.dumps(measured(run)))


def measured(run: Callable[[Path], Mapping[str, object]]) -> Mapping[str, object]:
    folder = Path(tempfile.mkdtemp(prefix="playhead-bench-"))
    try:
        return run(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
