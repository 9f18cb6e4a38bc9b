"""A backup's origin where a collector has the store open: it is asked over HTTP, as an administrator."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any

from playhead_collector.backup.origin import CHUNK, Stored
from playhead_collector.errors import StoreError, Unauthenticated
from playhead_collector.running import Running

# The spool is stored first, which takes as long as it is full.
_PATIENCE_S = 3600


class CollectorOrigin:
    def __init__(self, found: Running, token: str) -> None:
        self._found = found
        self._opener = found.opener()
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
            with self._ask("rows", wanted) as answer:
                while piece := answer.read(CHUNK):
                    yield piece
        except (OSError, http.client.HTTPException) as error:
            raise StoreError(
                f"the collector (process {self._found.pid}) stopped in the midst of {table} of {project!r}: "
                f"{error or type(error).__name__}; this backup is incomplete, take it again"
            ) from None

    def _json(self, what: str, body: object = None) -> Any:
        try:
            with self._ask(what, body) as answer:
                return json.load(answer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise StoreError(f"the collector (process {self._found.pid}) does not answer: {error}") from None

    def _ask(self, what: str, body: object) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        url = f"{self._found.http_url}/admin/backup/{what}"
        request = urllib.request.Request(url, data, headers)  # noqa: S310 - our own address
        try:
            return self._opener.open(request, timeout=_PATIENCE_S)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read().decode("utf-8", "replace")[:500]
            if error.code in (401, 403):
                raise Unauthenticated(
                    f"the collector gives backups to administrators only ({said}); name its admin token with --token "
                    "or PLAYHEAD_ADMIN_TOKEN"
                ) from None
            raise StoreError(f"the collector did not answer to {what} (HTTP {error.code}): {said}") from None
