"""`playhead up`: runs the collector until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any

from playhead_collector import config
from playhead_collector.service import Collector, Ports


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Settings are taken from flags, then PLAYHEAD_* variables, then the TOML file (same names, with underscores). "
        "Agents need only OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318."
    )
    config.add_flags(parser)


def run(arguments: argparse.Namespace) -> int:
    settings = config.load(vars(arguments))
    _log_to_stderr(settings.log_level, settings.log_format)
    config.warn_of_typos(os.environ)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Collector(settings).run(lambda ports: _ready(settings, ports)))
    return 0


def _ready(settings: config.Settings, ports: Ports) -> None:
    """The one line that scripts may wait for."""
    scheme = "https" if settings.tls_cert else "http"
    parts = [f"OTLP/gRPC {settings.host}:{ports.grpc}", f"OTLP/HTTP {scheme}://{settings.host}:{ports.http}"]
    if ports.clickhouse is not None:
        parts.append(f"ClickHouse {scheme}://{settings.host}:{ports.clickhouse}")
    print(f"playhead is ready: {', '.join(parts)}; store {settings.address}", flush=True)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        entry: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def _log_to_stderr(level: str, form: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")
    handler.setFormatter(_JsonLines() if form == "json" else plain)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # One line a request is noise; what matters about requests is in /metrics.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    # What goes wrong on the way to a store is said once, by the one who asked.
    for name in ("urllib3", "clickhouse_connect"):
        logging.getLogger(name).setLevel(logging.ERROR)
