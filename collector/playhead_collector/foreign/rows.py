"""The records of an export, one after the other: JSON lines, JSON arrays and documents, CSV, Parquet.

A file may be larger than memory: of an array one element is held at a time, of a Parquet file a few thousand rows. What
is one document (an answer of an API, with its records in a list) is held whole.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyarrow import ArrowException, RecordBatch, int64, parquet, timestamp, types  # type: ignore[attr-defined]

from playhead_collector.errors import BadRequest
from playhead_collector.foreign.span import Unfit

Row = dict[str, Any]
_CHUNK = 1024 * 1024
# No record of one step comes near this; a larger one is no JSON that ends.
_LARGEST = 256 * 1024 * 1024
_AT_ONCE = 2000
# Under which name an API's answer has its records.
_LISTS = ("data", "runs", "spans", "traces", "observations", "scores", "annotations", "feedback")


def rows_of(file: Path) -> Iterator[tuple[Any, int]]:
    """Each record, whatever it is, or why something has none, and how far into the file it ends.

    Raises BadRequest with the file and the place.
    """
    if file.suffix == ".parquet":
        yield from _parquet(file)
    elif file.suffix == ".csv":
        yield from _csv(file)
    else:
        for value, done in _json(file):
            for row in _records(value):
                yield row, done


def _records(value: Any) -> Iterator[Any]:
    """Of a document that only holds lists, what is in them; else itself.

    A list under a name that nobody knows comes as why it was left. What is no list tells of pages, not of records.
    """
    if not isinstance(value, dict) or "id" in value or "name" in value:
        yield value
        return
    if isinstance(value.get("trace"), dict):
        # Langfuse's user interface writes a trace beside its observations, its API writes them into it.
        yield {**value["trace"], **{name: value[name] for name in ("observations", "scores") if value.get(name)}}
        return
    lists = {name: found for name, found in value.items() if isinstance(found, list) and found}
    known = [name for name in _LISTS if isinstance(value.get(name), list)]
    if not known:
        yield value
        return
    for name in known:
        yield from value[name]
    for name in lists.keys() - known:
        yield Unfit(f"list of {len(lists[name])} under {name!r}, of which it is not known what it is")


def _json(file: Path) -> Iterator[tuple[Any, int]]:
    """Values one after the other, or the elements of one array."""
    decoder = json.JSONDecoder()
    with file.open(encoding="utf-8-sig", errors="strict") as data:
        text, at, read, ended = "", 0, 0, False
        in_array = None
        wanted = _CHUNK
        while True:
            while at < len(text) and (text[at].isspace() or (in_array and text[at] == ",")):
                at += 1
            if in_array is None and at < len(text):
                in_array = text[at] == "["
                at += in_array
                continue
            if in_array and text[at : at + 1] == "]":
                return
            if at < len(text):
                try:
                    value, end = decoder.raw_decode(text, at)
                except (ValueError, RecursionError) as error:
                    if ended or isinstance(error, RecursionError) or len(text) - at > _LARGEST:
                        raise BadRequest(f"{file}, about byte {read - len(text) + at}: {error}") from None
                else:
                    # A number may go on in what was not read yet.
                    if end < len(text) or ended:
                        yield value, read - len(text) + end
                        at, wanted = end, _CHUNK
                        continue
            if ended:
                if in_array:
                    raise BadRequest(f"{file} ends within its array: it is cut short")
                return
            try:
                more = data.read(wanted)
            except UnicodeDecodeError as error:
                raise BadRequest(f"{file}, about byte {read}: {error}") from None
            # What was not enough is read again from its beginning: twice as much each time keeps that linear.
            wanted *= 2
            ended = not more
            read += len(more)
            text, at = text[at:] + more, 0


def _csv(file: Path) -> Iterator[tuple[Row, int]]:
    csv.field_size_limit(min(sys.maxsize, _LARGEST))
    with file.open(encoding="utf-8-sig", newline="") as data:
        done = 0
        try:
            for row in csv.DictReader(data):
                done += sum(len(value) + 1 for value in row.values() if isinstance(value, str))
                yield {key: value for key, value in row.items() if key and value not in ("", None)}, done
        except (csv.Error, UnicodeDecodeError) as error:
            raise BadRequest(f"{file}, about byte {done}: {error}") from None


def _parquet(file: Path) -> Iterator[tuple[Row, int]]:
    size = file.stat().st_size
    try:
        with parquet.ParquetFile(file) as data:  # type: ignore[no-untyped-call]
            total, done = data.metadata.num_rows or 1, 0
            for batch in data.iter_batches(_AT_ONCE):
                for row in _with_plain_times(batch).to_pylist():
                    done += 1
                    yield {key: value for key, value in row.items() if value is not None}, size * done // total
    except ArrowException as error:
        raise BadRequest(f"{file} is no Parquet file that can be read: {error}") from None


def _with_plain_times(batch: Any) -> Any:
    """Times as nanoseconds: Python's own have no place for them."""
    columns = [
        column.cast(timestamp("ns", column.type.tz)).cast(int64()) if types.is_timestamp(column.type) else column
        for column in batch.columns
    ]
    return RecordBatch.from_arrays(columns, names=batch.schema.names)
