"""`playhead import FILE…`: OTLP files into the store, through the collector that runs or, where none does, directly."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from playhead.errors import UsageError
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    progress_bar,
    project_of,
    say,
    store_address,
    write_json,
)
from playhead_collector.errors import BadRequest
from playhead_collector.receive.check import Checked, check
from playhead_collector.receive.json_request import protobuf_from_json
from playhead_collector.receive.signal import Signal
from playhead_collector.send import post
from playhead_collector.spool.segment import Sealed, new_name
from playhead_collector.store.address import Embedded, parse_address
from playhead_collector.store.engine import presence
from playhead_collector.store.store import Store

_PART_BYTES = 8 * 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    add_json_argument(parser)
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE",
        help="OTLP protobuf (.otlp, .bin; log records: .logs.otlp, .logs.bin) or OTLP/JSON, a request a line "
        "(.json, .jsonl)",
    )  # fmt: skip


@dataclass(slots=True)
class _Sums:
    accepted: int = 0
    rejected: int = 0


def run(arguments: argparse.Namespace) -> int:
    address = parse_address(store_address(arguments))
    running = presence(address.path) if isinstance(address, Embedded) else None
    sums = _Sums()
    with progress_bar("importing files", len(arguments.files)) as progress:
        if running is not None and running.get("http"):
            scheme = "https" if running.get("tls") else "http"
            endpoint = f"{scheme}://{running['host']}:{running['http']}"
            token = arguments.token or os.environ.get("PLAYHEAD_TOKEN")
            for done, file in enumerate(arguments.files, 1):
                for signal, checked in _requests(file):
                    _count(sums, file, checked)
                    if checked.accepted:
                        post(endpoint, signal, checked.body, token)
                progress(done)
        else:
            _directly(Store(address), project_of(arguments), arguments.files, sums, progress)
    if arguments.json:
        write_json([{"accepted": sums.accepted, "rejected": sums.rejected}])
    else:
        say(f"{sums.accepted} spans and log records stored" + (f", {sums.rejected} rejected" if sums.rejected else ""))
    return 1 if sums.rejected else 0


def _directly(store: Store, project: str, files: list[Path], sums: _Sums, progress: object) -> None:
    store.open()
    try:
        with tempfile.TemporaryDirectory(prefix="playhead-import-") as folder:
            for number, file in enumerate(files):
                for signal, checked in _requests(file):
                    _count(sums, file, checked)
                    if checked.accepted:
                        path = Path(folder) / f"{new_name(number, signal)}.seg"
                        path.write_bytes(checked.body)
                        runs = store.insert(Sealed(project, path, len(checked.body), checked.runs))
                        store.recompute(project, runs)
                        path.unlink()
                if callable(progress):
                    progress(number + 1)
    finally:
        store.close()


def _count(sums: _Sums, file: Path, checked: Checked) -> None:
    sums.accepted += checked.accepted
    sums.rejected += checked.rejected
    if checked.rejected:
        say(f"{file}: {checked.reason}")


def _requests(file: Path) -> Iterator[tuple[Signal, Checked]]:
    signal = Signal.LOGS if ".logs." in file.name else Signal.TRACES
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    if file.suffix not in (".json", ".jsonl"):
        for body in _in_parts(file, signal, content):
            yield signal, check(signal, body)
        return
    for line in content.splitlines():
        if line.strip():
            kind = Signal.LOGS if b'"resourceLogs"' in line or b'"resource_logs"' in line else Signal.TRACES
            for body in _in_parts(file, kind, protobuf_from_json(kind, line)):
                yield kind, check(kind, body)


def _in_parts(file: Path, signal: Signal, content: bytes) -> Iterator[bytes]:
    """A file may hold more than one request may: some items at a time, each under its resource and scope."""
    if len(content) <= _PART_BYTES:
        yield content
        return
    resources, scopes, items = (
        ("resource_logs", "scope_logs", "log_records")
        if signal is Signal.LOGS
        else ("resource_spans", "scope_spans", "spans")
    )
    try:
        whole = signal.request.FromString(content)
    except DecodeError as error:
        raise BadRequest(f"{file} is not OTLP {signal.value}: {error}") from None
    part = signal.request()
    size = 0
    for resource in getattr(whole, resources):
        for scope in getattr(resource, scopes):
            group = None
            for item in getattr(scope, items):
                if group is None:
                    group = _group(part, resource, scope, resources, scopes)
                getattr(group, items).append(item)
                size += item.ByteSize()
                if size >= _PART_BYTES:
                    yield part.SerializeToString()
                    part, size, group = signal.request(), 0, None
    if size:
        yield part.SerializeToString()


def _group(part: Any, resource: Any, scope: Any, resources: str, scopes: str) -> Any:
    """A place in `part` for items of this resource and scope, with the same of everything but the items."""
    above = getattr(part, resources).add(schema_url=resource.schema_url)
    if resource.HasField("resource"):
        above.resource.CopyFrom(resource.resource)
    group = getattr(above, scopes).add(schema_url=scope.schema_url)
    if scope.HasField("scope"):
        group.scope.CopyFrom(scope.scope)
    return group
