"""What a running collector answers to `playhead backup`, as to administrators: it alone has the folder open."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from playhead_collector.backup.origin import StoreOrigin
from playhead_collector.spool.drain import Drain
from playhead_collector.store.store import Store


class Wanted(BaseModel):
    """A table of a project."""

    model_config = ConfigDict(extra="forbid")

    project: str = Field(max_length=40)
    table: str = Field(max_length=100, pattern="^[A-Za-z0-9_]+$")


class WantedRows(Wanted):
    """A partition of it, by columns: of none the engine would make a statement that is none."""

    columns: list[str] = Field(min_length=1, max_length=1000)
    partition: str = Field(max_length=200)


class WriteDown(Protocol):
    """Into the audit log: what of a project is read."""

    def __call__(self, asked: Request, project: str, what: str) -> None: ...


def add_backup(app: FastAPI, store: Store, drain: Drain, write_down: WriteDown) -> None:
    origin = StoreOrigin(store.address, store.handle)

    @app.get("/admin/backup/projects")
    def projects() -> list[dict[str, Any]]:
        return [dataclasses.asdict(one) for one in origin.projects()]

    @app.post("/admin/backup/settle")
    async def settle() -> dict[str, bool]:
        """What is in the spool is stored by then, too."""
        await asyncio.wrap_future(drain.exclusively(lambda: None))
        return {"settled": True}

    @app.post("/admin/backup/partitions")
    def partitions(wanted: Wanted) -> list[str]:
        _check(wanted, [])
        return origin.partitions(wanted.project, wanted.table)

    @app.post("/admin/backup/rows")
    def rows(request: Request, wanted: WantedRows) -> StreamingResponse:
        write_down(request, wanted.project, f"table {wanted.table}, partition {wanted.partition}")
        _check(wanted, wanted.columns)
        pieces = origin.rows(wanted.project, wanted.table, wanted.columns, wanted.partition)
        # Begun here, so that what is wrong with it is an answer and not a body that ends early.
        first = next(pieces, b"")

        def all_of_it() -> Iterator[bytes]:
            with contextlib.closing(pieces):
                yield first
                yield from pieces

        return StreamingResponse(all_of_it(), media_type="application/octet-stream")

    def _check(wanted: Wanted, named: Sequence[str]) -> None:
        """Only what is there: a project that is asked for would be made otherwise."""
        found = next((one for one in origin.projects() if one.project == wanted.project), None)
        columns = found.tables.get(wanted.table) if found else None
        if columns is None or not set(named) <= set(columns):
            raise HTTPException(404, "this store has no such project, table or column")
