"""The engine behind the reading port: a statement in, blocks of bytes out.

`Engine` is the seam that the facade needs; `ChdbEngine` is ClickHouse in this process. chDB's traps, all
of them seen:

- One engine and one folder a process. Whoever opens first decides the folder and its configuration, so this
  takes the store's own connection string and never assumes that it is the first.
- Session state belongs to a handle, and a handle costs 0.1 ms. So every query gets its own: no setting,
  `USE` or temporary table of one caller is there for the next.
- A query on a handle with an open stream silently returns nothing. Another reason for the same rule.
- Binary results want `.bytes()`; `.data()` decodes.
- A stream's blocks are each a whole document in most formats; only formats.STREAMED may be put behind one
  another.
- Bound values are taken as ClickHouse's HTTP interface takes them: escaped, so a bare tab is an error.
- `readonly=1` must be set last, since it forbids every setting after it, and through it `system.settings`
  tells clients that they may set nothing, compression included; a query that shows the settings runs under
  `readonly=2`.
- A running query is stopped from another handle only; inside one block of work (an array scanned once for
  each of its elements) the engine looks neither at the clock nor at KILL.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import chdb

from playhead_collector.errors import StoreUnavailable
from playhead_collector.facade.complaints import QueryFailed


@dataclass(frozen=True, slots=True)
class Query:
    text: str
    database: str | None
    format: str
    values: Mapping[str, str]
    settings: Mapping[str, str]
    streamed: bool = False
    shows_settings: bool = False
    writes: bool = False
    rows: bytes | None = None
    """What is inserted, in the format that is named."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class Summary:
    read_rows: int = 0
    read_bytes: int = 0
    result_rows: int = 0
    result_bytes: int = 0
    elapsed_ns: int = 0


class Reading(Protocol):
    """A query under way. Belongs to one thread at a time; `close` may be called twice."""

    def __iter__(self) -> Iterator[bytes]: ...
    def __next__(self) -> bytes: ...
    def summary(self) -> Summary: ...
    def close(self) -> None: ...


# The format of a segment's bodies.
SEGMENTS = "ProtobufSingle"


class Engine(Protocol):
    def read(self, query: Query) -> Reading:
        """Begin a query; what the engine says against it is raised as QueryFailed, here or while reading."""
        ...

    def stop(self, query_id: str) -> None:
        """Ask a running query to end; from any thread, and harmless if it has."""
        ...


def answer_of(engine: Engine, query: Query) -> str:
    """The whole of a short answer, without the line end that formats put behind it."""
    reading = engine.read(query)
    try:
        return b"".join(reading).decode("utf-8", "surrogateescape").removesuffix("\n")
    finally:
        reading.close()


@dataclass(frozen=True, slots=True)
class Storing:
    """What inserting takes, in the collector that has the store open."""

    folder: Path
    """For the rows of an INSERT while it runs, which the engine reads from a file; nobody else's to read."""
    turn: AbstractContextManager[object]
    """Held while a segment is inserted, by whoever: two at once would take the memory of two."""


class ChdbEngine:
    def __init__(self, connection: str, storing: Storing | None = None) -> None:
        """`connection` is the store's own connection string, folder and arguments."""
        self._connection = connection
        self._storing = storing
        if storing is not None:
            storing.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # What a kill left of an INSERT comes again from the one who sent it.
            for left in storing.folder.glob("*.rows"):
                left.unlink()

    def read(self, query: Query) -> Reading:
        handle = self._open()
        try:
            if query.database is not None:
                handle.query(f"USE `{query.database}`")
            settings = {**query.settings, "log_comment": query.id}
            settings["readonly"] = "0" if query.writes else "2" if query.shows_settings else "1"
            handle.query("SET " + ", ".join(f"{name} = {_quoted(value)}" for name, value in settings.items()))
            values = dict(query.values)
            if query.rows is not None:
                return _WholeReading(handle, self._insert(handle, query, query.rows))
            if query.streamed:
                return _BlockReading(handle, handle.send_query(query.text, query.format, params=values))
            return _WholeReading(handle, handle.query(query.text, query.format, params=values))
        except RuntimeError as error:
            handle.close()
            raise QueryFailed.from_engine(str(error)) from None
        except BaseException:
            handle.close()
            raise

    def _insert(self, handle: Any, query: Query, rows: bytes) -> Any:
        assert self._storing is not None
        path = self._storing.folder / f"{query.id}.rows"
        try:
            path.write_bytes(rows)
            said = f"{query.text} FROM INFILE {_quoted(str(path))} FORMAT {query.format}"
            # Segments, and not the few rows by which a collector says that it lives.
            with self._storing.turn if query.format == SEGMENTS else nullcontext():
                return handle.query(said, "Null")
        finally:
            path.unlink(missing_ok=True)

    def stop(self, query_id: str) -> None:
        handle = self._open()
        try:
            handle.query(f"KILL QUERY WHERE Settings['log_comment'] = {_quoted(query_id)} ASYNC", "Null")
        except RuntimeError as error:
            raise QueryFailed.from_engine(str(error)) from None
        finally:
            handle.close()

    def _open(self) -> Any:
        try:
            return chdb.connect(self._connection)  # type: ignore[no-untyped-call]
        except RuntimeError as error:
            raise StoreUnavailable(f"the embedded store did not open another handle: {error}") from None


class _WholeReading:
    def __init__(self, handle: Any, result: Any) -> None:
        self._body: bytes | None = result.bytes() or b""
        self._summary = _summary_of([result], len(self._body or b""))
        handle.close()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._body:
            raise StopIteration
        body, self._body = self._body, None
        return body

    def summary(self) -> Summary:
        return self._summary

    def close(self) -> None:
        self._body = None


class _BlockReading:
    def __init__(self, handle: Any, stream: Any) -> None:
        self._handle = handle
        self._stream = stream
        self._summary = Summary()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while self._stream is not None:
            try:
                block = next(self._stream)
            except StopIteration:
                self.close()
                break
            except RuntimeError as error:
                self.close()
                raise QueryFailed.from_engine(str(error)) from None
            body: bytes = block.bytes() or b""
            self._summary = _summary_of([self._summary, block], len(body))
            if body:
                return body
        raise StopIteration

    def summary(self) -> Summary:
        return self._summary

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
            self._handle.close()


def _summary_of(parts: list[Any], size: int) -> Summary:
    before = parts[0] if isinstance(parts[0], Summary) else Summary()
    block = parts[-1]
    return Summary(
        read_rows=before.read_rows + block.storage_rows_read(),
        read_bytes=before.read_bytes + block.storage_bytes_read(),
        result_rows=before.result_rows + block.rows_read(),
        result_bytes=before.result_bytes + size,
        elapsed_ns=before.elapsed_ns + int(block.elapsed() * 1e9),
    )


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
