"""Who may send and who may read: tokens, each of which belongs to a project.

Without any token of a kind everybody may, as the default project: that is for loopback, and config.py sees to it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from playhead_collector.errors import Forbidden, Unauthenticated
from playhead_collector.facade.reader import Administrator, Reader
from playhead_collector.store.address import DEFAULT_PROJECT
from playhead_collector.tokens import Holder, find


@dataclass(frozen=True, slots=True)
class TokenGate:
    """Answers to the ingest side (`project_for`) and to the reading port (`reader_for`)."""

    ingest: Mapping[str, Holder]
    read: Mapping[str, Holder]
    database_of: Callable[[str], str]
    """Of a project, made where it is missing."""
    figures: Mapping[str, Holder] = field(default_factory=dict)
    figures_of: Callable[[str], str] = lambda project: ""
    """Of a project the database of its figures, made where it is missing."""
    admin: str = ""
    """The token of who may write through the ClickHouse port, too; without one nobody may."""

    def project_for(self, token: str | None) -> str:
        if not self.ingest:
            return DEFAULT_PROJECT
        if token is None:
            raise Unauthenticated(
                "this collector takes a token: set OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20TOKEN"
            )
        holder = find(self.ingest, token)
        if holder is not None:
            return holder.project
        if find(self.read, token) is not None or find(self.figures, token) is not None:
            raise Forbidden("this token may read, not send; use one given with --ingest-token")
        raise Unauthenticated("nobody was given this token; see --ingest-token of the collector")

    def sees(self, secret: str | None, project: str) -> bool:
        """Whether somebody may read a project's figures. The store is not asked."""
        if not self.read:
            return True
        if not secret:
            return False
        if self.admin and hmac.compare_digest(self.admin.encode(), secret.encode()):
            return True
        holder = find(self.read, secret) or find(self.figures, secret)
        return holder is not None and holder.project == project

    def reader_for(self, user: str | None, secret: str | None) -> Reader | Administrator:
        if self.admin and secret and hmac.compare_digest(self.admin.encode(), secret.encode()):
            return Administrator(self.database_of(DEFAULT_PROJECT))
        if not self.read:
            return Reader(self.database_of(DEFAULT_PROJECT), DEFAULT_PROJECT, "")
        if not secret:
            raise Unauthenticated("this store takes a read token, as the password or as a bearer token")
        holder = find(self.read, secret)
        if holder is not None:
            return Reader(self.database_of(holder.project), holder.project, holder.name)
        holder = find(self.figures, secret)
        if holder is not None:
            database = self.database_of(holder.project)
            return Reader(self.figures_of(holder.project), holder.project, holder.name, figures_of=database)
        if find(self.ingest, secret) is not None:
            raise Forbidden("this token may send, not read; use one given with --read-token")
        raise Unauthenticated("nobody was given this token; see --read-token of the collector")
