"""Asks the collector that has a store open to do what its reading port does not: it takes the admin token."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from playhead.errors import UsageError
from playhead_collector.errors import StoreError, Unauthenticated
from playhead_collector.running import Running

_LONGEST_ANSWER = 1 << 20
"""Of what is refused: it may repeat what was sent."""


def administer(
    found: Running, path: str, told: Mapping[str, object] | None, token: str | None, *, timeout_s: float = 60
) -> Any:
    """Its answer. Raises UsageError for what it says cannot be done, and StoreError for anything else."""
    try:
        with answer_of(found, path, told, token, timeout_s) as answer:
            return json.load(answer)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise StoreError(f"the collector (process {found.pid}) does not answer: {error}") from None


def answer_of(found: Running, path: str, told: Mapping[str, object] | None, token: str | None, timeout_s: float) -> Any:
    """What is read from piece by piece, where it is long; what goes wrong with the line is an OSError."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    body = None if told is None else json.dumps(told).encode()
    url = f"{found.http_url}{path}"
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - our own address
    try:
        return found.opener().open(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        with error:
            said = _detail(error.read(_LONGEST_ANSWER).decode("utf-8", "replace"))[:500]
        if error.code in (401, 403):
            raise Unauthenticated(
                f"the collector lets administrators only do this ({said}); name its admin token with --token, where "
                "the command has it, or PLAYHEAD_ADMIN_TOKEN"
            ) from None
        if error.code in (409, 422):
            raise UsageError(said) from None
        raise StoreError(f"the collector did not take this (HTTP {error.code}): {said}") from None


def _detail(said: str) -> str:
    """What is wrong, in words: a text, or the name of each wrong field with what is wrong with it."""
    try:
        told = json.loads(said)["detail"]
        if isinstance(told, str):
            return told
        return "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in told)
    except (ValueError, KeyError, TypeError):
        return said
