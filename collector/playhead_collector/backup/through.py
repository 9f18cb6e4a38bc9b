"""A backup's origin where a collector has the store open: it is asked over HTTP, as an administrator."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from playhead_collector.administer import administer, answer_of
from playhead_collector.backup.origin import CHUNK, Stored
from playhead_collector.errors import StoreError
from playhead_collector.running import Running

# The spool is stored first, which takes as long as it is full.
_PATIENCE_S = 3600


class CollectorOrigin:
    def __init__(self, found: Running, token: str) -> None:
        self._found = found
        self._token = token

    def projects(self) -> list[Stored]:
        return [Stored(**one) for one in self._json("projects")]

    def settle(self) -> None:
        self._json("settle", {})

    def partitions(self, project: str, table: str) -> list[str]:
        return [str(one) for one in self._json("partitions", {"project": project, "table": table})]

    def rows(self, project: str, table: str, columns: Sequence[str], partition: str) -> Iterator[bytes]:
        wanted = {"project": project, "table": table, "columns": list(columns), "partition": partition}
        try:
            with answer_of(self._found, "/admin/backup/rows", wanted, self._token, _PATIENCE_S) as answer:
                while piece := answer.read(CHUNK):
                    yield piece
        except (OSError, http.client.HTTPException) as error:
            raise StoreError(
                f"the collector (process {self._found.pid}) stopped in the midst of {table} of {project!r}: "
                f"{error or type(error).__name__}; this backup is incomplete, take it again"
            ) from None

    def _json(self, what: str, body: Mapping[str, object] | None = None) -> Any:
        return administer(self._found, f"/admin/backup/{what}", body, self._token, timeout_s=_PATIENCE_S)
