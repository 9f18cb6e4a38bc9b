"""`python -m tests.sdk.engine.run record|wire|serve FOLDER URL TIMES PROGRAM…`: each program in a process of its own.

Prints a line of JSON for each: what the program returned, and for a replay how it ended. The processes are forked once
the imports are done. With PLAYHEAD_TEST_FIRST the engine is installed before the program and its libraries are
imported, as `playhead record` does; without, after, as `playhead.init()` in the middle of a program.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.sdk.engine.seen import seen

from playhead.lanes.divergence import RecordingEnded
from playhead.lanes.engine import Engine
from playhead.lanes.serving import Serving
from playhead.lanes.sink import FileSink, read_records

PROGRAMS = "tests.sdk.engine.programs"


def main(direction: str, folder: str, url: str, times: str, *programs: str) -> None:
    if not os.environ.get("PLAYHEAD_TEST_FIRST"):
        importlib.import_module(PROGRAMS)
    for program in programs * int(times):
        child = os.fork()
        if not child:
            run(direction, program, Path(folder) / f"{program}.jsonl", url)
            return
        os.waitpid(child, 0)


def run(direction: str, program: str, file: Path, url: str) -> None:
    def failed(failure: BaseException) -> None:
        status = "ended" if isinstance(failure, RecordingEnded) else "diverged"
        say({"program": program, "status": status, "why": str(failure), "returned": list(seen)})
        os._exit(3)

    if direction == "serve":
        engine = Engine.serving_from(read_records(file), failed)
    else:
        engine = Engine.recording(FileSink(file), "wire" if direction == "wire" else "exact")
    engine.install()
    programs = importlib.import_module(PROGRAMS)
    returned = getattr(programs, program)(url)
    served = engine.direction
    left = [served.unasked(), served.undelivered()] if isinstance(served, Serving) else [0, 0]
    engine.uninstall()
    say({"program": program, "status": "done", "returned": returned, "left": left})


def say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
