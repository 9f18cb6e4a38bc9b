"""The port as an ASGI app: who asks, for which project, and an Answer.

Readers and administrators come through one door and are apart from there: another guard, other limits, seats of their
own.

Must never run a statement before the gate has named the caller's database, nor say in an error which
others exist.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from playhead.errors import PlayheadError
from playhead_collector.errors import BadRequest
from playhead_collector.facade.administration import Administration
from playhead_collector.facade.answer import Answer, Manner, Means, Opened, complaint_response, opened
from playhead_collector.facade.clauses import system_filters
from playhead_collector.facade.complaints import UNKNOWN_DATABASE, QueryFailed, complaint_for, not_among_figures
from playhead_collector.facade.engine import Engine, Query, answer_of
from playhead_collector.facade.guard import Guard
from playhead_collector.facade.limits import ADMINISTRATORS, Limits
from playhead_collector.facade.query import blank_query, query_of
from playhead_collector.facade.reader import Administrator, Reader
from playhead_collector.facade.request import Asked, credentials_of, read_request
from playhead_collector.facade.seats import Seats
from playhead_collector.facade.settings import settings_to_apply
from playhead_collector.facade.stops import Stops
from playhead_collector.store.precedence import step_back
from playhead_collector.store.readers import Readers


class Gate(Protocol):
    """Who may read what."""

    def reader_for(self, user: str | None, secret: str | None) -> Reader | Administrator:
        """Whom this secret makes the one who asks; raises Unauthenticated."""
        ...


class Audit(Protocol):
    """Who is told of every statement before it runs."""

    def asked(self, reader: Reader | Administrator, asked: Asked, where: str, client: str) -> None:
        """Raises AuditFailed where it cannot be written down; then it does not run."""
        ...


class Unaudited:
    def asked(self, reader: Reader | Administrator, asked: Asked, where: str, client: str) -> None: ...


def facade_app(
    engine: Engine,
    gate: Gate,
    limits: Limits | None = None,
    *,
    name: str = "playhead",
    audit: Audit | None = None,
    readers: Readers | None = None,
) -> Starlette:
    """ClickHouse's HTTP interface over `engine`. The engine must answer by now."""
    limits = limits or Limits()
    audit = audit or Unaudited()
    guard = Guard(engine, limits)
    seats = Seats(limits)
    timezone = answer_of(engine, Query("SELECT timezone()", None, "TSVRaw", {}, limits.as_settings()))
    identity = {"X-ClickHouse-Server-Display-Name": name, "X-ClickHouse-Timezone": timezone}
    stops = Stops(engine)
    means = Means(engine, seats, limits, stops, identity, readers or Readers())
    # Another collector's statements are no reader's.
    others = replace(means, seats=Seats(ADMINISTRATORS, begin=step_back), limits=ADMINISTRATORS, readers=Readers())
    administration = Administration(others)

    async def statement(request: Request) -> Response:
        if request.method in ("GET", "HEAD") and not request.url.query:
            return PlainTextResponse("Ok.\n")
        try:
            who = credentials_of(request)
            reader = gate.reader_for(who.user, who.secret)
            administers = isinstance(reader, Administrator)
            asked = await read_request(request, ADMINISTRATORS if administers else limits, with_rows=administers)
            where = request.client.host if request.client else ""
            audit.asked(reader, asked, where, request.headers.get("user-agent", ""))
            if not asked.statement.strip():
                raise BadRequest("no statement was sent; put it in the URL as query= or in the body")
            return administration.answer(asked, reader) if isinstance(reader, Administrator) else _answer(asked, reader)
        except PlayheadError as error:
            return complaint_response(complaint_for(error), identity)

    def _answer(asked: Asked, reader: Reader) -> Response:
        database = reader.database
        if not reader.may_name(asked.database):
            raise QueryFailed(
                UNKNOWN_DATABASE,
                "UNKNOWN_DATABASE",
                f"this token reads the database {database}, not {asked.database}",
            )
        settings = settings_to_apply(asked.settings, limits)
        settings["additional_table_filters"] = system_filters(database)
        blank = blank_query(asked, database)

        def begin() -> Opened:
            admitted = guard.admit(asked.statement, database, asked.values, views_only=reader.figures_of is not None)
            return opened(engine, query_of(admitted, blank, settings, limits))

        def begin_with_figures() -> Opened:
            try:
                return begin()
            except QueryFailed as error:
                raise not_among_figures(error) from None

        zone = settings.get("session_timezone")
        to_begin = begin if reader.figures_of is None else begin_with_figures
        return Answer(means, to_begin, Manner(blank.id, asked.query_id, asked.accepts, zone))

    async def well(_: Request) -> Response:
        return PlainTextResponse("Ok.\n")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await stops.settle(limits.grace_seconds)
        seats.close()
        administration.close()

    routes = [
        Route("/ping", well, methods=["GET", "HEAD"]),
        Route("/replicas_status", well, methods=["GET", "HEAD"]),
        Route("/", statement, methods=["GET", "POST", "HEAD"]),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.router.redirect_slashes = False
    return app
