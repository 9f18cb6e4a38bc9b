"""`python -m tests.sdk.frameworks.run bare|record|serve MODULE FOLDER COLLECTOR PROGRAM=URL …`, each in a process.

Prints a line of JSON a program: what it returned, and for a replay what of the recording nobody asked for. The
processes are forked once the framework is imported, which takes longer than all its programs.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import playhead
from playhead.lanes.engine import Engine
from playhead.lanes.serving import Serving
from playhead.lanes.sink import read_records
from playhead.recorder import recording


def main(direction: str, name: str, folder: str, collector: str, *programs: str) -> None:
    module = importlib.import_module(name)
    for said in programs:
        program, _, url = said.partition("=")
        child = os.fork()
        if not child:
            status = 1
            try:
                function = getattr(module, program)
                {"bare": bare, "record": record, "serve": serve}[direction](
                    program, function, url, Path(folder), collector
                )
                status = 0
            except BaseException:
                traceback.print_exc()
            sys.stdout.flush()
            os._exit(status)
        os.waitpid(child, 0)


def bare(program: str, function: Callable[[str], Any], url: str, folder: Path, collector: str) -> None:
    say({"program": program, "returned": function(url)})


def record(program: str, function: Callable[[str], Any], url: str, folder: Path, collector: str) -> None:
    playhead.init(service=program, endpoint=collector, journal=folder / program, record="exact")
    returned = playhead.agent(name=program)(function)(url)
    assert playhead.shutdown(120), "not all was shipped"
    say({"program": program, "returned": returned})


def serve(program: str, function: Callable[[str], Any], url: str, folder: Path, collector: str) -> None:
    """With a recorder, as when it was recorded: it asks for the run's id, and clients tell it their own spans."""
    engine = Engine.serving_from(read_records(folder / f"{program}.jsonl"))
    recording.engine_of = lambda _: engine
    playhead.init(service=program, send=False, journal=folder / f"{program} again", record="exact")
    returned = playhead.agent(name=program)(function)(url)
    served = engine.direction
    assert isinstance(served, Serving)
    playhead.shutdown(0)
    say({"program": program, "returned": returned, "left": [served.unasked(), served.undelivered()]})


def say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
