"""Who may send and who may read: tokens, each of which belongs to a project.

Without any token of a kind everybody may, as the default project: that is for loopback, and config.py sees to it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping

from playhead_collector.errors import Forbidden, Unauthenticated
from playhead_collector.store.address import DEFAULT_PROJECT


class TokenGate:
    """Answers to the ingest side (`project_for`) and to the reading port (`database_for`)."""

    def __init__(self, ingest: Mapping[str, str], read: Mapping[str, str], database_of: Callable[[str], str]) -> None:
        self._ingest = dict(ingest)
        self._read = dict(read)
        self._database_of = database_of

    def project_for(self, token: str | None) -> str:
        if not self._ingest:
            return DEFAULT_PROJECT
        if token is None:
            raise Unauthenticated(
                "this collector takes a token: set OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20TOKEN"
            )
        project = _find(self._ingest, token)
        if project is not None:
            return project
        if _find(self._read, token) is not None:
            raise Forbidden("this token may read, not send; use one given with --ingest-token")
        raise Unauthenticated("nobody was given this token; see --ingest-token of the collector")

    def database_for(self, user: str | None, secret: str | None) -> str:
        if not self._read:
            return self._database_of(DEFAULT_PROJECT)
        if not secret:
            raise Unauthenticated("this store takes a read token, as the password or as a bearer token")
        project = _find(self._read, secret)
        if project is not None:
            return self._database_of(project)
        if _find(self._ingest, secret) is not None:
            raise Forbidden("this token may send, not read; use one given with --read-token")
        raise Unauthenticated("nobody was given this token; see --read-token of the collector")


def _find(tokens: Mapping[str, str], given: str) -> str | None:
    """Compares with every token in constant time, so that timing tells nothing about them."""
    found: str | None = None
    for token, project in tokens.items():
        if hmac.compare_digest(token.encode(), given.encode()):
            found = project
    return found
