"""What a client asks, out of URL, headers and body, the way ClickHouse's HTTP interface reads them.

A statement may be in `query`, in the body, or begin in one and go on in the other. clickhouse-connect
sends bound values in the URL or, when they are long, as multipart form fields. Files in a form are
external tables, which would be data of the caller's that a statement reads; they are refused rather than
dropped, since the answer would silently be another.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import uuid
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from playhead_collector.errors import BadRequest, TooLarge, Unauthenticated
from playhead_collector.facade.encoding import decompressed
from playhead_collector.facade.limits import Limits
from playhead_collector.facade.listed import listed

_BOUND = "param_"
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_FIELD = re.compile(r'\bname="([^"]*)"', re.IGNORECASE)
_FILE = re.compile(r"\bfilename\*?=", re.IGNORECASE)
_INSERT = re.compile(rb"\s*INSERT INTO [^\n]{1,65536} FORMAT \w+[ \t]*(?:\n|\Z)", re.IGNORECASE)
_SAFE_ID = re.compile(r"[\x21-\x7e]{1,128}\Z")
# Names that say who asks and what, and so are no settings of the engine's.
_NOT_SETTINGS = listed("query database default_format user password query_id")


@dataclass(frozen=True, slots=True)
class Asked:
    statement: str
    database: str | None
    format: str | None
    values: dict[str, str]
    settings: dict[str, str]
    query_id: str
    accepts: str
    """The encodings to compress the answer with, empty where the client wants none."""
    rows: bytes | None = None
    """What came behind an INSERT: for administrators only."""


@dataclass(frozen=True, slots=True)
class Credentials:
    user: str | None
    secret: str | None


def credentials_of(request: Request) -> Credentials:
    """Who asks. The header ClickHouse invented weighs most, the URL least."""
    headers, url = request.headers, request.query_params
    if "x-clickhouse-user" in headers or "x-clickhouse-key" in headers:
        return Credentials(headers.get("x-clickhouse-user"), headers.get("x-clickhouse-key"))
    if "authorization" in headers:
        scheme, _, rest = headers["authorization"].partition(" ")
        if scheme.lower() == "bearer":
            return Credentials(None, rest.strip())
        if scheme.lower() != "basic":
            raise Unauthenticated("the Authorization header must be Basic or Bearer, with the read token in it")
        try:
            user, _, secret = base64.b64decode(rest.strip(), validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Unauthenticated("the Authorization header is not Basic base64(user:token)") from None
        return Credentials(user, secret)
    return Credentials(url.get("user"), url.get("password"))


async def read_request(request: Request, limits: Limits, *, with_rows: bool = False) -> Asked:
    """`with_rows`: what stands behind an INSERT in the body are rows, and no text."""
    url = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
    if url.get("compress") == "1" or url.get("decompress") == "1":
        raise BadRequest(
            "ClickHouse's own block compression (compress=1, decompress=1) is not spoken here; "
            "send Accept-Encoding and Content-Encoding instead"
        )
    body = await _body(request, limits)
    content_type = request.headers.get("content-type", "")
    if content_type.lower().startswith("multipart/form-data"):
        fields = _form_fields(body, content_type)
        body = b""
    else:
        fields = {}
    given = {**url, **fields}
    inserted = _inserted(url.get("query", ""), body) if with_rows else None
    parts = inserted[:1] if inserted else [url.get("query", ""), fields.get("query", ""), _text(body)]
    values = {name.removeprefix(_BOUND): value for name, value in given.items() if name.startswith(_BOUND)}
    settings = {
        name: value for name, value in given.items() if name not in _NOT_SETTINGS and not name.startswith(_BOUND)
    }
    query_id = url.get("query_id", "")
    compresses = settings.get("enable_http_compression", "1") not in ("0", "false")
    return Asked(
        statement="\n".join(part for part in parts if part),
        database=url.get("database") or request.headers.get("x-clickhouse-database") or None,
        format=request.headers.get("x-clickhouse-format") or given.get("default_format") or None,
        values=values,
        settings=settings,
        query_id=query_id if _SAFE_ID.match(query_id) else str(uuid.uuid4()),
        accepts=request.headers.get("accept-encoding", "") if compresses else "",
        rows=inserted[1] if inserted else None,
    )


def _inserted(query: str, body: bytes) -> tuple[str, bytes] | None:
    """The INSERT, from the URL or the first line of the body, and the rows behind it; None where there is none.

    Must never decide what is run: that is what the engine makes of the statement (guard.py).
    """
    if query:
        return (query, body) if _INSERT.fullmatch(query.encode()) else None
    found = _INSERT.match(body)
    return (_text(found[0]), body[found.end() :]) if found else None


async def _body(request: Request, limits: Limits) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limits.body_bytes:
                    raise TooLarge(f"the body is over {limits.body_bytes} bytes; bind fewer or shorter values")
    except TimeoutError:
        raise BadRequest(f"the body did not arrive within {limits.body_seconds:g} s; send it again") from None
    except ClientDisconnect:
        raise BadRequest("the client went away while sending the body") from None
    return decompressed(bytes(body), request.headers.get("content-encoding", "").strip().lower(), limits.body_bytes)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"the statement is not UTF-8 at byte {error.start}; write other bytes as \\xNN") from None


def _form_fields(body: bytes, content_type: str) -> dict[str, str]:
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise BadRequest("the multipart body names no boundary")
    mark = b"\r\n--" + boundary[1].encode("latin-1")
    fields: dict[str, str] = {}
    for part in (b"\r\n" + body).split(mark)[1:-1]:
        head, found, value = part.partition(b"\r\n\r\n")
        disposition = head.decode("latin-1")
        name = _FIELD.search(disposition)
        if not found or name is None:
            raise BadRequest("a part of the multipart body has no name")
        if _FILE.search(disposition):
            raise BadRequest("external tables are not taken by the reading port; bind the values as parameters")
        fields[name[1]] = _text(value)
    return fields
