"""The binary frames of AWS (`application/vnd.amazon.eventstream`), which Bedrock streams in.

A frame is: length, length of headers, CRC of both, headers, payload, CRC of all. A body that ends within a frame gives
the frames before it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_PRELUDE = struct.Struct(">III")
_STRING = 7
# The size of a header's value by its type; those of type 6 and 7 carry their own.
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}


@dataclass(frozen=True, slots=True)
class Frame:
    headers: Mapping[str, str]
    """Those that are texts, as all are that matter."""
    payload: bytes


def frames_of(body: bytes) -> Iterator[Frame]:
    """The whole frames of a body, up to the first that is damaged."""
    at = 0
    while at + _PRELUDE.size + 4 <= len(body):
        length, headers_length, crc = _PRELUDE.unpack_from(body, at)
        end = at + length
        start = at + _PRELUDE.size
        if length < _PRELUDE.size + 4 + headers_length or end > len(body) or zlib.crc32(body[at : at + 8]) != crc:
            return
        if zlib.crc32(body[at : end - 4]) != int.from_bytes(body[end - 4 : end], "big"):
            return
        yield Frame(_headers(body[start : start + headers_length]), body[start + headers_length : end - 4])
        at = end


def _headers(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(data):
        name_end = at + 1 + data[at]
        name = data[at + 1 : name_end].decode("utf-8", "replace")
        if name_end >= len(data):
            break
        kind = data[name_end]
        at = name_end + 1
        if kind in _SIZES:
            at += _SIZES[kind]
            continue
        size = int.from_bytes(data[at : at + 2], "big")
        if kind == _STRING:
            found[name] = data[at + 2 : at + 2 + size].decode("utf-8", "replace")
        at += 2 + size
    return found


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """A frame as bytes."""
    packed = b"".join(
        bytes([len(name.encode())])
        + name.encode()
        + bytes([_STRING])
        + struct.pack(">H", len(value.encode()))
        + value.encode()
        for name, value in headers.items()
    )
    head = struct.pack(">II", _PRELUDE.size + len(packed) + len(payload) + 4, len(packed))
    body = head + struct.pack(">I", zlib.crc32(head)) + packed + payload
    return body + struct.pack(">I", zlib.crc32(body))
