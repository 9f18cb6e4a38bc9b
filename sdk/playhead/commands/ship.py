"""`playhead ship`: sends the journals of processes that are gone, or a file of `playhead record`."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from playhead.errors import PlayheadError, UsageError
from playhead.journal.endpoint import from_environment
from playhead.journal.folder import journals_root, leftovers
from playhead.journal.sender import Sender
from playhead.journal.shipper import ship_leftovers
from playhead.journal.single import is_single, requests_in
from playhead.printable import several


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--journal", metavar="FOLDER", help="where journals lie (PLAYHEAD_JOURNAL)")
    parser.add_argument(
        "--endpoint", metavar="URL", help="a collector's base URL; default: the OTEL_EXPORTER_OTLP_* variables"
    )
    parser.add_argument("--wait", metavar="SECONDS", type=float, default=30.0, help="how long to try; default 30")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="what 'playhead record -o' wrote, instead")
    parser.add_argument("--json", action="store_true", help="the counts as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    if arguments.endpoint and "://" not in arguments.endpoint:
        raise UsageError(f"--endpoint {arguments.endpoint!r} is no URL; write it as http://127.0.0.1:4318")
    root = Path(arguments.journal).expanduser() if arguments.journal else journals_root()
    endpoint = from_environment(arguments.endpoint)
    until = time.monotonic() + arguments.wait

    def wait(seconds: float) -> bool:
        left = until - time.monotonic()
        time.sleep(max(0.0, min(seconds, left)))
        return bool(left > 0)

    if arguments.files:
        return _ship_files(arguments.files, Sender(endpoint), wait, arguments.json)
    sender = Sender(endpoint)
    try:
        done = ship_leftovers(leftovers(root), sender, wait)
    finally:
        sender.close()
    left = sum(1 for _ in leftovers(root))
    if arguments.json:
        print(json.dumps({"spans": done.spans, "open": done.open_spans, "refused": done.refused, "left": left}))
    else:
        cut = f", {done.open_spans} of them cut" if done.open_spans else ""
        print(f"shipped {several(done.spans, 'step')}{cut}", file=sys.stderr)
    if left:
        raise PlayheadError(
            f"{left} journals in {root} could not be sent whole to {endpoint.url}; is the collector there? "
            "They stay: run this again"
        )
    return 0


def _ship_files(files: list[Path], sender: Sender, wait: Callable[[float], bool], as_json: bool) -> int:
    requests = 0
    with contextlib.closing(sender):
        for file in files:
            if not file.is_file() or not is_single(file):
                raise UsageError(
                    f"{file} is no recording of 'playhead record -o'; what else there is, 'playhead import' takes"
                )
            for signal, body, _ in requests_in(file):
                while not (answer := sender.send(body, signal)).accepted:
                    if answer.permanent or not wait(0.5):
                        raise PlayheadError(
                            f"{file} could not be sent whole to {sender.endpoint.url} ({answer.words}); run this "
                            "again, what comes twice is stored once"
                        )
                requests += 1
    if as_json:
        print(json.dumps({"files": len(files), "requests": requests}))
    else:
        print(f"shipped {several(len(files), 'file')}", file=sys.stderr)
    return 0
