"""Asks the collector that has a store open to write what its reading port does not: it takes the admin token."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from playhead.errors import UsageError
from playhead_collector.errors import StoreError
from playhead_collector.running import Running


def administer(found: Running, path: str, told: Mapping[str, object], token: str | None) -> Any:
    """Its answer. Raises UsageError for what it says cannot be done, and StoreError for anything else."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(f"{found.http_url}{path}", json.dumps(told).encode(), headers)  # noqa: S310 - our own address
    try:
        with found.opener().open(request, timeout=60) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            said = error.read().decode("utf-8", "replace")[:500]
        if error.code == 409:
            raise UsageError(_detail(said)) from None
        raise StoreError(f"the collector did not take this (HTTP {error.code}): {said}") from None
    except OSError as error:
        raise StoreError(f"the collector (process {found.pid}) does not answer: {error}") from None


def _detail(said: str) -> str:
    try:
        return str(json.loads(said)["detail"])
    except (ValueError, KeyError, TypeError):
        return said
