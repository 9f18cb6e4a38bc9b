"""`playhead import FILE…`: OTLP files, recordings, and exports of other platforms, into the store.

Through the collector that runs or, where none does, directly.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
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
from playhead_collector.errors import BadRequest, TooLarge
from playhead_collector.foreign.requests import is_foreign, requests_in_foreign
from playhead_collector.keeping import Keeper, keeping, keeping_in
from playhead_collector.otlp_file import Request, requests_of
from playhead_collector.receive.check import Checked
from playhead_collector.receive.signal import Signal
from playhead_collector.send import Rejected
from playhead_collector.store.store import Store


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
        "a line (.json, .jsonl); exports of Langfuse, Phoenix and LangSmith (.json, .jsonl, .csv, .parquet); or what "
        "'playhead record -o' and 'playhead export -o FILE.playhead' wrote",
    )  # fmt: skip


@dataclass(slots=True)
class Sums:
    """How much was taken, and how much was not."""

    accepted: int = 0
    rejected: int = 0
    unfit: Counter[str] = field(default_factory=Counter)
    """What another platform's file holds that has no place here, by reason."""
    broken: list[BadRequest] = field(default_factory=list)
    """Of each file of which not all could be read, why not. What could is taken."""


def run(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    project = project_of(arguments)
    for file in arguments.files:
        if not file.is_file():
            raise UsageError(f"{file} is no file")
    with keeping(settings, project, token_of(arguments, settings.ingest_token, settings), say) as keeper:
        sums = _import(arguments.files, keeper)
    if sums.broken and not sums.accepted:
        raise sums.broken[0]
    for error in sums.broken:
        sums.unfit[f"what of a file cannot be read: {error}"] += 1
    if arguments.json:
        write_json([{"accepted": sums.accepted, "rejected": sums.rejected, "unfit": dict(sums.unfit)}])
    else:
        say(f"{sums.accepted} spans and log records stored" + (f", {sums.rejected} rejected" if sums.rejected else ""))
        for reason, times in sums.unfit.most_common():
            say(f"not taken, {times} times: {reason}")
    return 1 if sums.rejected or sums.unfit else 0


def store_files(store: Store, project: str, files: list[Path]) -> Sums:
    """Puts files into a store that is open here."""
    with keeping_in(store, project) as keeper:
        sums = _import(files, keeper)
    if sums.broken:
        raise sums.broken[0]
    return sums


def _import(files: list[Path], keeper: Keeper) -> Sums:
    sums = Sums()
    sizes = [file.stat().st_size for file in files]
    with progress_bar("importing, MB", sum(sizes) // 1_000_000) as progress:
        before = 0
        for file, size in zip(files, sizes, strict=True):
            try:
                for request in _requests_in(file, sums.unfit):
                    signal, checked = _checked(file, request, keeper)
                    kept = _kept(keeper, signal, checked) if checked.accepted else Rejected()
                    sums.accepted += checked.accepted - kept.count
                    sums.rejected += checked.rejected + kept.count
                    for reason in filter(None, (checked.reason, kept.reason)):
                        say(f"{file}: {reason}")
                    progress((before + request[2]) // 1_000_000)
            except BadRequest as error:
                sums.broken.append(error)
            before += size
    return sums


def _kept(keeper: Keeper, signal: Signal, checked: Checked) -> Rejected:
    """What is too large for the collector is refused; the rest of the file is not."""
    try:
        return keeper.keep(signal, checked)
    except TooLarge as error:
        return Rejected(checked.accepted, str(error))


def _requests_in(file: Path, unfit: Counter[str]) -> Iterator[Request]:
    return requests_in_foreign(file, unfit) if is_foreign(file) else requests_of(file)


def _checked(file: Path, request: Request, keeper: Keeper) -> tuple[Signal, Checked]:
    """As a collector would; what is no trace request at all may be log records under a name that does not say so."""
    signal, body, _ = request
    try:
        checked = keeper.check(signal, body)
    except BadRequest as error:
        found = _as_logs(signal, body, keeper)
        if found is None:
            raise BadRequest(f"{file}: {error}") from None
        return Signal.LOGS, found
    if checked.rejected and not checked.accepted and (found := _as_logs(signal, body, keeper)) is not None:
        return Signal.LOGS, found
    return signal, checked


def _as_logs(signal: Signal, body: bytes, keeper: Keeper) -> Checked | None:
    if signal is Signal.LOGS:
        return None
    try:
        checked = keeper.check(Signal.LOGS, body)
    except PlayheadError:
        return None
    return checked if checked.accepted and not checked.rejected else None
