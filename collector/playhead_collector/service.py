"""One collector, put together: ports, spool, drain, store.

    emitter -> receive (gRPC, HTTP) -> check -> spool -> drain -> store -> facade -> reader

`Collector.run` is the whole life: it starts from the inside out (store, spool, drain, ports) and stops from the outside
in, so that nothing is accepted that cannot be kept, and nothing kept is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal as signals
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response

from playhead.errors import UsageError
from playhead_collector.alerts.start import measuring_of, watch_of
from playhead_collector.alerts.watch import Watch
from playhead_collector.audit.log import AuditLog
from playhead_collector.audit.statements import AuditOfStatements
from playhead_collector.config import Settings
from playhead_collector.errors import StoreUnavailable
from playhead_collector.facade.app import facade_app
from playhead_collector.facade.engine import ChdbEngine, Storing
from playhead_collector.gate import TokenGate
from playhead_collector.later import made_when_asked
from playhead_collector.metrics import Metrics
from playhead_collector.receive.export import Exporter, bearer
from playhead_collector.receive.grpc_server import GrpcServer
from playhead_collector.receive.http import http_app
from playhead_collector.receive.limits import MIB, Limits
from playhead_collector.receive.serve import HttpServer
from playhead_collector.redact.projects import redactions_of
from playhead_collector.running import served_certificate
from playhead_collector.slo.measuring import Measuring
from playhead_collector.spool.drain import Drain
from playhead_collector.spool.segment import Sealed
from playhead_collector.spool.spool import Spool, SpoolLimits
from playhead_collector.store.address import Embedded
from playhead_collector.store.engine import COLLECTOR
from playhead_collector.store.precedence import merges_step_back, step_back
from playhead_collector.store.readers import Readers
from playhead_collector.store.store import Store
from playhead_collector.tokens import holders

log = logging.getLogger(__name__)

App = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ports:
    """What a running collector is bound to; `clickhouse` is None where the store is a server."""

    grpc: int
    http: int
    clickhouse: int | None


class Collector:
    """Starts and stops once. Stopping before starting is safe, and so is stopping twice."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.address, settings.retention_days(), settings.payload_days(), COLLECTOR)
        self.spool: Spool | None = None
        self.drain: Drain | None = None
        self.watch: Watch | None = None
        self.measuring: Measuring | None = None
        self.metrics = Metrics()
        self.ports: Ports | None = None
        self._exporter: Exporter | None = None
        self._grpc: GrpcServer | None = None
        self._http: HttpServer | None = None
        self._facade: HttpServer | None = None

    async def start(self) -> Ports:
        settings = self.settings
        address = settings.address
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(None, self.store.open)
        except StoreUnavailable as error:
            if isinstance(address, Embedded):
                raise
            log.warning("%s; requests are kept in the spool until it does", error)
        self.spool = Spool(
            settings.spool_folder,
            SpoolLimits(
                total_bytes=settings.spool_limit_mb * MIB,
                segment_bytes=settings.segment_mb * MIB,
                linger_s=settings.linger_ms / 1000,
            ),
        )
        # Who reads, and who sends, goes first.
        self.drain = Drain(self.spool, self.store, self._stored, begin=step_back)
        merges_step_back()
        self.metrics.watch(self.spool, self.drain)
        self.spool.start()
        self.drain.start()

        readers = Readers()
        if not settings.no_alerts:
            self.watch = watch_of(settings, self.store, self.metrics, readers)
            self.measuring = measuring_of(settings, self.store, self.metrics, self.watch)
            self.watch.start()
            self.measuring.start()

        body = settings.max_body_mb * MIB
        limits = Limits(compressed=body, decompressed=body, in_flight=2 * body + 32 * MIB)
        gate = TokenGate(
            holders(settings.ingest_token),
            holders(settings.read_token),
            self.store.prepare,
            holders(settings.figures_token),
            self.store.prepare_figures,
            settings.admin_token,
        )
        audit = AuditLog(settings.audit_folder, total_bytes=settings.audit_limit_mb * MIB)
        self._exporter = Exporter(self.spool, limits, self.metrics, redactions_of(settings))
        tls: dict[str, Any] = {"ssl_certfile": settings.tls_cert, "ssl_keyfile": settings.tls_key}
        self._grpc = GrpcServer(self._exporter, gate, settings.host, settings.grpc_port, **tls)
        administration = made_when_asked(partial(self._administration, audit))
        self._http = HttpServer(
            self._with_status(gate, http_app(self._exporter, gate), administration),
            settings.host,
            settings.http_port,
            **tls,
        )
        await _listening("--grpc-port", self._grpc.start())
        await _listening("--http-port", self._http.start())
        if isinstance(address, Embedded):
            engine = ChdbEngine(
                str(address.path), Storing(settings.spool_folder.parent / "incoming", self.store.inserting)
            )
            self._facade = HttpServer(
                facade_app(engine, gate, audit=AuditOfStatements(audit), readers=readers),
                settings.host,
                settings.clickhouse_port,
                **tls,
            )
            await _listening("--clickhouse-port", self._facade.start())
        self.ports = Ports(self._grpc.port, self._http.port, self._facade.port if self._facade else None)
        self.store.announce(
            {
                "host": settings.host,
                "http": self.ports.http,
                "grpc": self.ports.grpc,
                "clickhouse": self.ports.clickhouse,
                "certificate": served_certificate(settings.tls_cert) if settings.tls_cert else None,
            }
        )
        log.info(
            "collector ready: OTLP/gRPC %d, OTLP/HTTP %d, ClickHouse HTTP %s on %s; store %s",
            self.ports.grpc,
            self.ports.http,
            self.ports.clickhouse or "none",
            settings.host,
            address,
        )
        return self.ports

    async def stop(self, grace: float = 10.0) -> None:
        """Refuses what is new, answers what is in work, stores what it can; the rest waits in the spool."""
        log.info("collector stopping")
        loop = asyncio.get_running_loop()
        if self._grpc is not None:
            await self._grpc.stop(grace)
        for server in (self._http, self._facade):
            if server is not None:
                await server.stop()
        if self._exporter is not None:
            self._exporter.close()
        if self.spool is not None:
            await self.spool.close()
        if self.drain is not None:
            await loop.run_in_executor(None, self.drain.finish, grace)
        if self.measuring is not None:
            await loop.run_in_executor(None, self.measuring.stop)
        if self.watch is not None:
            await loop.run_in_executor(None, self.watch.stop)
        self.store.close()
        log.info("collector stopped")

    async def run(self, ready: Callable[[Ports], None] | None = None) -> None:
        """Until SIGTERM or SIGINT."""
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signals.SIGTERM, signals.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        try:
            ports = await self.start()
            if ready is not None:
                ready(ports)
            await stopping.wait()
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                await self.stop()

    def _stored(self, segment: Sealed, seconds: float) -> None:
        """Called by the drain, when the runs of a segment are up to date."""
        self.metrics.stored(segment, seconds)
        if self.watch is not None:
            self.watch.stored()

    def _administration(self, audit: AuditLog) -> App:
        # Loaded where somebody administers: FastAPI is a fifth of what a collector loads to start.
        from playhead_collector.admin import admin_app, guarded

        assert self.drain is not None
        return guarded(admin_app(self.settings, self.store, self.drain, audit), self.settings)

    def _with_status(self, gate: TokenGate, otlp: App, admin: App) -> App:
        """The OTLP port also says how the collector is, and takes what administrators ask."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            answers: dict[str, Callable[[], Response]] = {"/healthz": self._health, "/readyz": self._readiness}
            if scope["type"] == "http":
                sent = Headers(scope=scope)
                token = bearer(sent.get("authorization"), sent.get("x-playhead-token"))
                answers["/metrics"] = partial(self._metrics_text, gate, token)
            path = scope.get("path", "")
            if path.startswith("/admin/"):
                await admin(scope, receive, send)
                return
            answer = answers.get(path)
            if answer is None or scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
                await otlp(scope, receive, send)
                return
            response = await asyncio.get_running_loop().run_in_executor(None, answer)
            await response(scope, receive, send)

        return app

    def _health(self) -> Response:
        """The process lives; nothing about the store."""
        return JSONResponse({"status": "ok", "pid": os.getpid()})

    def _readiness(self) -> Response:
        """Whether what is sent now is kept, and whether the store takes it."""
        assert self.spool is not None
        assert self.drain is not None
        full = self.spool.size >= self.spool.limits.total_bytes
        trouble = self.drain.trouble
        state = {
            "accepting": not full,
            "storing": trouble is None,
            "trouble": trouble,
            "lag_seconds": round(self.spool.oldest_age_s(), 3),
            "spool_bytes": self.spool.size,
        }
        # A store that is away does not make the collector unready: that is what the spool is for.
        return JSONResponse(state, status_code=503 if full else 200)

    def _metrics_text(self, gate: TokenGate, token: str | None) -> Response:
        text = self.metrics.text(partial(gate.sees, token))
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


async def _listening(flag: str, start: Awaitable[None]) -> None:
    try:
        await start
    except UsageError as error:
        raise UsageError(f"{error} (with {flag})") from None
