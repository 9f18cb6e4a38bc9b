"""Where traces are sent, from the variables that every OpenTelemetry exporter obeys.

It imports no HTTP: `init` reads it in the agent's start, and only the shipper sends (sender.py).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

DEFAULT_ENDPOINT = "http://127.0.0.1:4318"


@dataclass(frozen=True, slots=True)
class Endpoint:
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_s: float = 10.0
    gzip: bool = True
    certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    recordings: bool = False
    """Whether recordings are sent to one that does not say that it is Playhead: it may pass them on."""


def from_environment(endpoint: str | None = None, headers: Mapping[str, str] | None = None) -> Endpoint:
    """`endpoint` is a base URL, as OTEL_EXPORTER_OTLP_ENDPOINT is."""
    said = os.environ.get
    whole = said("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") if endpoint is None else None
    base = endpoint or said("OTEL_EXPORTER_OTLP_ENDPOINT") or DEFAULT_ENDPOINT
    if whole is None and urlsplit(base).port == 4317 and endpoint is None:
        # 4317 is gRPC's port; the same collector speaks HTTP one port further.
        base = base.replace(":4317", ":4318", 1)
    if "://" not in base:
        base = f"http://{base}"
    timeout = said("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT") or said("OTEL_EXPORTER_OTLP_TIMEOUT")
    compression = said("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION") or said("OTEL_EXPORTER_OTLP_COMPRESSION") or "gzip"
    return Endpoint(
        url=whole or f"{base.rstrip('/')}/v1/traces",
        headers={
            **_headers(said("OTEL_EXPORTER_OTLP_HEADERS") or ""),
            **_headers(said("OTEL_EXPORTER_OTLP_TRACES_HEADERS") or ""),
            **(headers or {}),
        },
        timeout_s=_seconds(timeout),
        gzip=compression.strip().lower() == "gzip",
        certificate=said("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE") or said("OTEL_EXPORTER_OTLP_CERTIFICATE"),
        client_certificate=said("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"),
        client_key=said("OTEL_EXPORTER_OTLP_CLIENT_KEY"),
        recordings=(said("PLAYHEAD_SEND_RECORDINGS") or "").lower() in ("1", "true", "yes"),
    )


def _headers(text: str) -> dict[str, str]:
    """`key=value,key2=value2`, values percent-encoded."""
    pairs = (item.partition("=") for item in text.split(",") if "=" in item)
    return {unquote(key.strip()).lower(): unquote(value.strip()) for key, _, value in pairs}


def _seconds(text: str | None) -> float:
    """OpenTelemetry's Python exporters read seconds."""
    try:
        return max(0.1, float(text)) if text else 10.0
    except ValueError:
        return 10.0
