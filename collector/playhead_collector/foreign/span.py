"""What records of other platforms become: spans with the attributes that their own emitters would have set.

Ids that are OpenTelemetry's stay what they are, and UUIDs of traces, too; of any other a hash stands for it, always the
same one, so that importing a file twice changes nothing. Where it came from is on every step.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

SOURCE = "playhead.imported.from"
ID = "playhead.imported.id"
# Epochs, by how many digits there are: seconds, milli-, micro- or nanoseconds.
_UNITS = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3))


class Unfit(Exception):
    """A record, or a part of one, that has no place here; says why, in words that others have in common with it."""


def run_id(given: Any) -> str:
    text = str(given or "")
    if not text:
        raise Unfit("names no trace")
    plain = text.replace("-", "").lower()
    if re.fullmatch(r"[0-9a-f]{32}", plain) and set(plain) != {"0"}:
        return plain
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def step_id(run: str, given: Any) -> str:
    """Of a step; empty where none is named."""
    text = str(given or "")
    if not text:
        return ""
    plain = text.lower()
    if re.fullmatch(r"[0-9a-f]{16}", plain) and set(plain) != {"0"}:
        return plain
    return hashlib.blake2b(f"{run}\x00{text}".encode("utf-8", "replace"), digest_size=8).hexdigest()


def moment_ns(given: Any) -> int | None:
    """A time in nanoseconds, however it was written; None where none was. Without a zone it is UTC."""
    if given in (None, ""):
        return None
    if isinstance(given, str):
        if re.fullmatch(r"\d{9,19}(\.\d+)?", given):
            return moment_ns(float(given) if "." in given else int(given))
        try:
            given = datetime.fromisoformat(given.strip().replace("Z", "+00:00"))
        except ValueError:
            raise Unfit("has a time that is none") from None
    if isinstance(given, datetime):
        given = given if given.tzinfo else given.replace(tzinfo=UTC)
        since: timedelta = given - datetime(1970, 1, 1, tzinfo=UTC)
        return _sendable_ns((since.days * 86400 + since.seconds) * 10**9 + since.microseconds * 1000)
    # Compared, since isfinite makes a float of it, and a number of a thousand digits is none.
    if isinstance(given, (int, float)) and not isinstance(given, bool) and -math.inf < given < math.inf:
        return _sendable_ns(int(given * next((factor for below, factor in _UNITS if given < below), 1)))
    raise Unfit("has a time that is none")


def _sendable_ns(moment: int) -> int:
    if not 0 <= moment < 2**63:
        raise Unfit("has a time before 1970, or after 2262")
    return moment


def make_span(
    source: str,
    run: str,
    step: str,
    parent: str,
    name: str,
    *,
    start_ns: int | None,
    end_ns: int | None,
    attributes: Mapping[str, Any],
    error: str | None = None,
    original: Any = "",
) -> Span:
    """A step without an end has not ended. An `error`, even an empty one, says that it failed."""
    if start_ns is None:
        raise Unfit("has no time at which it began")
    if not step:
        raise Unfit("has no id")
    span = Span(
        trace_id=bytes.fromhex(run),
        span_id=bytes.fromhex(step),
        parent_span_id=bytes.fromhex(parent) if parent != step else b"",
        name=sendable(name),
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=start_ns,
        end_time_unix_nano=0 if end_ns is None else max(end_ns, start_ns),
        attributes=[KeyValue(key=SOURCE, value=AnyValue(string_value=source))],
    )
    if original and str(original).lower() != step:
        span.attributes.append(key_value(ID, str(original)))
    span.attributes.extend(
        key_value(key, value) for key, value in attributes.items() if value not in (None, "", [], {})
    )
    if error is not None:
        span.status.code = Status.STATUS_CODE_ERROR
        span.status.message = sendable(error)
    return span


def key_value(key: str, value: Any) -> KeyValue:
    """Plain values as they are, anything else as JSON."""
    if isinstance(value, bool):
        return KeyValue(key=sendable(key), value=AnyValue(bool_value=value))
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return KeyValue(key=sendable(key), value=AnyValue(int_value=value))
    if isinstance(value, float):
        return KeyValue(key=sendable(key), value=AnyValue(double_value=value))
    return KeyValue(key=sendable(key), value=AnyValue(string_value=sendable(as_text(value))))


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def sendable(text: str) -> str:
    """Protobuf takes no lone surrogates, and JSON may hold them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def mapping(value: Any) -> dict[str, Any]:
    """An object, also where a table has it as JSON, or as pairs of a Parquet map; else nothing."""
    if isinstance(value, str) and value[:1] == "{":
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    if isinstance(value, list) and all(isinstance(pair, tuple) and len(pair) == 2 for pair in value):
        value = dict(value)
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, also where a table has it as JSON; else none."""
    if isinstance(value, str) and value[:1] == "[":
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def number(value: Any) -> float | None:
    """A figure, also where a table has it as text; what is not finite is none."""
    if isinstance(value, bool) or value in (None, ""):
        return None
    try:
        figure = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return figure if math.isfinite(figure) else None
