"""`playhead import FILE…`: OTLP files, and what `playhead record` wrote, into the store.

Through the collector that runs or, where none does, directly.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playhead.errors import PlayheadError, UsageError
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    progress_bar,
    project_of,
    say,
    settings_of,
    token_of,
    write_json,
)
from playhead_collector.errors import BadRequest
from playhead_collector.otlp_file import Request, requests_of
from playhead_collector.receive.check import Checked, Redacting, check
from playhead_collector.receive.signal import Signal
from playhead_collector.redact.projects import redactions_of
from playhead_collector.running import Running, running
from playhead_collector.send import post
from playhead_collector.spool.segment import Sealed, new_name
from playhead_collector.store.address import DEFAULT_PROJECT, Embedded
from playhead_collector.store.store import Store

# How long to wait for a collector to store what it took; it has it on disk by then.
_STORED_WITHIN_S = 60.0

Keep = Callable[[Signal, Checked], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Importing a file twice changes nothing: a step is known by its trace and span id. What is imported is kept as "
        "long as what is sent, counted from now."
    )
    add_store_arguments(parser, "ingest")
    add_json_argument(parser)
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE",
        help="OTLP protobuf (.otlp, .bin; log records: .logs.otlp, .logs.bin) or OTLP/JSON, one document or a request "
        "a line (.json, .jsonl); or what 'playhead record -o' and 'playhead export -o FILE.playhead' wrote",
    )  # fmt: skip


@dataclass(slots=True)
class Sums:
    """How much was taken, and how much was not."""

    accepted: int = 0
    rejected: int = 0


def run(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    address = settings.address
    project = project_of(arguments)
    for file in arguments.files:
        if not file.is_file():
            raise UsageError(f"{file} is no file")
    found = running(address.path) if isinstance(address, Embedded) else None
    if found is not None and found.http:
        token = token_of(arguments, settings.ingest_token, settings)
        if project not in (None, DEFAULT_PROJECT) and token is None:
            raise UsageError(
                f"the collector that runs puts what it is sent into the project of the token: give one of project "
                f"{project!r} with --token"
            )
        sums = _through(found, token, arguments.files)
    else:
        redacting = redactions_of(settings)(project or DEFAULT_PROJECT)
        sums = _directly(Store(address), project or DEFAULT_PROJECT, arguments.files, redacting)
    if arguments.json:
        write_json([{"accepted": sums.accepted, "rejected": sums.rejected}])
    else:
        say(f"{sums.accepted} spans and log records stored" + (f", {sums.rejected} rejected" if sums.rejected else ""))
    return 1 if sums.rejected else 0


def _through(found: Running, token: str | None, files: list[Path]) -> Sums:
    opener = found.opener()

    def keep(signal: Signal, checked: Checked) -> None:
        post(found.http_url, signal, checked.body, token, opener=opener)

    sums = _import(files, keep)
    sent = time.monotonic()
    while (asked := time.monotonic()) < sent + _STORED_WITHIN_S:
        with opener.open(f"{found.http_url}/readyz", timeout=10) as answer:
            state = json.load(answer)
        # Where the oldest body that waits is younger than our last, ours are stored.
        if not state["spool_bytes"] or state["lag_seconds"] < asked - sent:
            return sums
        time.sleep(0.05)
    say("the collector has it all on disk and has not stored all of it yet; /readyz says how far it is")
    return sums


def _directly(store: Store, project: str, files: list[Path], redacting: Redacting | None) -> Sums:
    store.open()
    try:
        return store_files(store, project, files, redacting)
    finally:
        store.close()


def store_files(store: Store, project: str, files: list[Path], redacting: Redacting | None = None) -> Sums:
    """Puts files into a store that is open here."""
    with tempfile.TemporaryDirectory(prefix="playhead-import-") as folder:
        number = 0

        def keep(signal: Signal, checked: Checked) -> None:
            nonlocal number
            number += 1
            path = Path(folder) / f"{new_name(number, signal)}.seg"
            path.write_bytes(checked.body)
            store.insert(Sealed(project, path, len(checked.body), checked.runs))
            store.recompute(project, checked.runs)
            path.unlink()

        return _import(files, keep, redacting)


def _import(files: list[Path], keep: Keep, redacting: Redacting | None = None) -> Sums:
    sums = Sums()
    sizes = [file.stat().st_size for file in files]
    with progress_bar("importing, MB", sum(sizes) // 1_000_000) as progress:
        before = 0
        for file, size in zip(files, sizes, strict=True):
            for request in requests_of(file):
                signal, checked = _checked(file, request, redacting)
                sums.accepted += checked.accepted
                sums.rejected += checked.rejected
                if checked.rejected:
                    say(f"{file}: {checked.reason}")
                if checked.accepted:
                    keep(signal, checked)
                progress((before + request[2]) // 1_000_000)
            before += size
    return sums


def _checked(file: Path, request: Request, redacting: Redacting | None) -> tuple[Signal, Checked]:
    """As a collector would; what is no trace request at all may be log records under a name that does not say so."""
    signal, body, _ = request
    try:
        checked = check(signal, body, redacting=redacting)
    except BadRequest as error:
        found = _as_logs(signal, body, redacting)
        if found is None:
            raise BadRequest(f"{file}: {error}") from None
        return Signal.LOGS, found
    if checked.rejected and not checked.accepted and (found := _as_logs(signal, body, redacting)) is not None:
        return Signal.LOGS, found
    return signal, checked


def _as_logs(signal: Signal, body: bytes, redacting: Redacting | None) -> Checked | None:
    if signal is Signal.LOGS:
        return None
    try:
        checked = check(Signal.LOGS, body, redacting=redacting)
    except PlayheadError:
        return None
    return checked if checked.accepted and not checked.rejected else None
