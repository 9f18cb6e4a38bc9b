"""The process that has an embedded store open on this machine, as it says of itself in the store's lock file.

Commands reach a collector at its own address. With TLS they trust exactly the certificate that it serves: the record
holds it, and only who may open the store can write the record. So a certificate of any make and for any name is
verified, and no other is accepted; verification is never switched off.
"""

from __future__ import annotations

import re
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playhead_collector.store.engine import presence

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Running:
    """Who has the store open. Without ports it is a command at work, or a collector that is not ready yet."""

    pid: int
    host: str = "127.0.0.1"
    http: int | None = None
    clickhouse: int | None = None
    certificate: str | None = None

    @property
    def scheme(self) -> str:
        return "https" if self.certificate else "http"

    @property
    def http_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.http}"

    def trust(self) -> ssl.SSLContext | None:
        """None where the collector speaks without TLS."""
        return pinned(self.certificate) if self.certificate else None

    def opener(self) -> urllib.request.OpenerDirector:
        """For requests to it: no proxy is asked, for it is on this machine."""
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if self.certificate:
            handlers.append(urllib.request.HTTPSHandler(context=self.trust()))
        return urllib.request.build_opener(*handlers)


def running(store: Path) -> Running | None:
    """Who has this folder open; None where nobody has."""
    record = presence(store)
    return None if record is None else _read(record)


def served_certificate(file: Path) -> str:
    """The certificate that a server with this file shows: the first in it, without what may stand around it."""
    found = _PEM.search(file.read_text(encoding="utf-8", errors="replace"))
    return found[0] if found else ""


def pinned(certificate: str) -> ssl.SSLContext:
    """Trusts one certificate, whoever issued it and whatever names it bears, and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    # The certificate itself ends the chain, also where it is not its own issuer.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=certificate)
    return context


def _read(record: Mapping[str, Any]) -> Running:
    host = str(record.get("host") or "127.0.0.1")
    # Bound to every address means reachable at this one.
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return Running(
        pid=int(record.get("pid", 0)),
        host=reached,
        http=record.get("http"),
        clickhouse=record.get("clickhouse"),
        certificate=record.get("certificate") or None,
    )
