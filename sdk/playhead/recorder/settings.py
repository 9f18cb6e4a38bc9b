"""What `init` was told, looked at before anything begins: here a mistake may still be an error, later it may not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from playhead.errors import UsageError

LEVELS = ("steps", "wire", "exact")


def looked_at(
    *,
    endpoint: object,
    headers: object,
    attributes: object,
    journal: object,
    journal_limit_bytes: object,
    record: object,
    patterns: object,
    fields: object,
    functions: Mapping[str, object],
) -> None:
    """Raises UsageError, with what to write instead."""
    if endpoint is not None and (not isinstance(endpoint, str) or not _is_url(endpoint)):
        raise UsageError(f"endpoint {endpoint!r} is no URL; write it as http://127.0.0.1:4318")
    if record not in LEVELS:
        raise UsageError(f"record={record!r} is no level; there are {', '.join(map(repr, LEVELS))}")
    if journal is not None and not isinstance(journal, (str, os.PathLike)):
        raise UsageError(f"journal={journal!r} is no folder's path")
    limit = journal_limit_bytes
    if not isinstance(limit, int) or isinstance(limit, bool) or limit <= 0:
        raise UsageError(f"journal_limit_bytes={limit!r} is no number of bytes above 0; two gigabytes are {2 << 30}")
    for name, mapping in (("headers", headers), ("attributes", attributes)):
        if mapping is not None and not isinstance(mapping, Mapping):
            raise UsageError(f"{name}={mapping!r} is no mapping; write {{'name': 'value'}}")
    for name, texts in (("redact_fields", fields), ("redact_patterns", patterns)):
        if isinstance(texts, (str, bytes)) or not isinstance(texts, Iterable):
            raise UsageError(f"{name}={texts!r} is no list; write [{texts!r}]")
    for pattern in list(patterns) if isinstance(patterns, (list, tuple)) else ():
        _compile(pattern)
    for name, function in functions.items():
        if function is not None and not callable(function):
            raise UsageError(f"{name}={function!r} is no function")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _compile(pattern: Any) -> None:
    try:
        re.compile(pattern)
    except (re.error, TypeError) as error:
        raise UsageError(f"redact_patterns: {pattern!r} is no regular expression ({error})") from error
