"""What administrators ask of a running collector, over HTTP: to erase, to mark alerts, and to keep datasets.

Where the collector has tokens, this takes the admin token and no other; where it has none, it is on loopback.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from playhead.errors import UsageError
from playhead_collector.alerts.marks import LONGEST, Kind, say_mark
from playhead_collector.audit.acts import of_subject
from playhead_collector.audit.log import AuditLog, Entry
from playhead_collector.backup.serve import add_backup
from playhead_collector.config import Settings
from playhead_collector.datasets import MOST_RUNS, Change, change
from playhead_collector.erasure import erase_everywhere
from playhead_collector.errors import AuditFailed
from playhead_collector.known_project import known_project
from playhead_collector.later import App
from playhead_collector.receive.export import bearer
from playhead_collector.spool.drain import Drain
from playhead_collector.store.address import DEFAULT_PROJECT
from playhead_collector.store.erase import Subject
from playhead_collector.store.store import Store

_LARGEST_BODY = 16 * 1024 * 1024
"""Four times a dataset of as many runs as it may hold."""

# A name that is not known is most likely one that was meant to be another.
_NO_OTHERS = ConfigDict(extra="forbid")


class EraseRequest(BaseModel):
    """Whose runs are to go."""

    model_config = _NO_OTHERS

    subject: Subject
    value: str = Field(min_length=1, max_length=4096)
    project: str = DEFAULT_PROJECT

    @model_validator(mode="after")
    def _run_is_an_id(self) -> EraseRequest:
        if self.subject is Subject.RUN and not re.fullmatch("[0-9a-fA-F]{32}", self.value):
            raise ValueError("a run's id has 32 hex digits")
        return self


class EraseAnswer(BaseModel):
    """How much went; `clean` says that no file holds it any more."""

    runs: int
    rows: dict[str, int]
    bytes: int
    clean: bool


class MarkRequest(BaseModel):
    """That somebody saw an alert, or that nobody is to be told of some for a while."""

    model_config = _NO_OTHERS

    kind: Kind
    seconds: float = Field(strict=True, ge=0, le=LONGEST.total_seconds())
    by: str = Field(max_length=200)
    note: str = Field(default="", max_length=4096)
    alert_id: str = Field(default="", max_length=64)
    rule: str = Field(default="", max_length=64)
    matching: dict[str, str] = Field(default_factory=dict)
    mark_id: str = Field(default="", max_length=64)
    project: str = DEFAULT_PROJECT


RunId = Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]


class DatasetRequest(BaseModel):
    """That a dataset is made, gets or loses runs, or is removed."""

    model_config = _NO_OTHERS

    name: str = Field(max_length=100)
    by: str = Field(max_length=200)
    query: str | None = Field(default=None, max_length=4096)
    add: list[RunId] = Field(default_factory=list, max_length=MOST_RUNS)
    remove: list[RunId] = Field(default_factory=list, max_length=MOST_RUNS)
    drop: bool = False
    project: str = DEFAULT_PROJECT


class MarkAnswer(BaseModel):
    """By which name it can be taken back."""

    mark_id: str


def admin_app(settings: Settings, store: Store, drain: Drain, audit: AuditLog) -> FastAPI:
    """To be served as `guarded`: it asks nobody who they are."""
    app = FastAPI(
        title="Playhead administration", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )

    def write_down(
        asked: Request, action: str, project: str, what: str, *, values: str = "", came_of_it: str = ""
    ) -> None:
        """Before it is done, and what came of it after."""
        who, where = "admin" if settings.admin_token else "", asked.client.host if asked.client else ""
        try:
            entry = Entry(who, action, project, what, values, where, "admin")
            audit.write(entry, synced=True, came_of_it=came_of_it)
        except AuditFailed as error:
            raise HTTPException(500, str(error)) from None

    def named(project: str) -> str:
        try:
            return known_project(project, settings, store)
        except UsageError as error:
            raise HTTPException(409, str(error)) from None

    @app.post("/admin/erase")
    async def erase(request: EraseRequest, asked: Request) -> EraseAnswer:
        project = await asyncio.to_thread(named, request.project)
        value = request.value.lower() if request.subject is Subject.RUN else request.value
        what = of_subject(request.subject, value)
        write_down(asked, "erase", project, what)
        done = drain.exclusively(
            lambda: erase_everywhere(store, settings.spool_folder, project, request.subject, value)
        )
        erased = await asyncio.wrap_future(done)
        # What came meanwhile is dropped when it is stored; then the spool holds nothing of it either.
        await asyncio.wrap_future(drain.exclusively(lambda: None))
        rows = sum(erased.rows.values())
        write_down(asked, "erased", project, what, came_of_it=f"{erased.runs} runs, {rows} rows")
        return EraseAnswer(runs=erased.runs, rows=erased.rows, bytes=erased.bytes, clean=erased.clean)

    def do(
        asked: Request, action: str, what: str, request: MarkRequest | DatasetRequest, act: Callable[[], str]
    ) -> str:
        """Written down as it was asked, and then what came of it, if it was refused, too."""
        write_down(
            asked,
            action,
            request.project,
            what,
            values=request.model_dump_json(exclude_defaults=True, exclude={"project"}),
        )
        try:
            done = act()
        except UsageError as error:
            write_down(asked, action, request.project, what, came_of_it=f"refused: {error}")
            raise HTTPException(409, str(error)) from None
        write_down(asked, action, request.project, what, came_of_it=f"done: {done}")
        return done

    @app.post("/admin/alerts/mark")
    def mark(request: MarkRequest, asked: Request) -> MarkAnswer:
        client = store.reader(named(request.project))
        what = f"{request.kind} {request.alert_id or request.rule or request.mark_id}".strip()
        said = request.model_dump(exclude={"project"})
        return MarkAnswer(mark_id=do(asked, "alerts", what, request, lambda: say_mark(client, **said)))

    @app.post("/admin/datasets")
    def change_dataset(request: DatasetRequest, asked: Request) -> dict[str, str]:
        client = store.reader(named(request.project))

        def act() -> str:
            change(client, Change(**request.model_dump(exclude={"project"})))
            return request.name

        return {"name": do(asked, "datasets", request.name, request, act)}

    add_backup(app, store, drain, lambda asked, project, what: write_down(asked, "backup", project, what))
    return app


def guarded(app: App, settings: Settings) -> App:
    """Who may not ask it is answered before any of what they send is read, and nobody is read without end."""

    async def admitted(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        sent = Headers(scope=scope)
        try:
            _authorise(settings, bearer(sent.get("authorization"), sent.get("x-playhead-token")))
        except HTTPException as error:
            await JSONResponse({"detail": error.detail}, error.status_code)(scope, receive, send)
            return
        read = 0

        async def limited() -> Any:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > _LARGEST_BODY:
                raise HTTPException(413, f"this is more than {_LARGEST_BODY} bytes; ask for less at once")
            return message

        await app(scope, limited, send)

    return admitted


def _authorise(settings: Settings, token: str | None) -> None:
    if settings.admin_token:
        if token is None or not hmac.compare_digest(token.encode(), settings.admin_token.encode()):
            raise HTTPException(401, "this takes the collector's admin token")
    elif settings.ingest_token or settings.read_token:
        raise HTTPException(
            403, "this collector has tokens but no --admin-token; start it with one to be able to do this"
        )
