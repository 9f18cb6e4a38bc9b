"""Compression, both ways, a block at a time.

A request's body is bounded after decompression, not before it: a kilobyte of gzip can hold a megabyte of
nothing. LZ4 is taken where the `lz4` package is installed (clickhouse-connect brings it) and is simply
not offered elsewhere.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import Any, Protocol

from playhead_collector.errors import BadRequest, TooLarge

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

try:
    import lz4.frame as _installed  # type: ignore[import-untyped]

    lz4_frame: Any = _installed
except ImportError:  # pragma: no cover - clickhouse-connect brings it on every Python we support
    lz4_frame = None


class Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class _Lz4:
    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self._begun = False

    def compress(self, data: bytes, /) -> bytes:
        head = b"" if self._begun else self._frame.begin()
        self._begun = True
        return bytes(head + self._frame.compress(data))

    def flush(self) -> bytes:
        head = b"" if self._begun else self._frame.begin()
        return bytes(head + self._frame.flush())


_COMPRESSORS: dict[str, Callable[[], Compressor]] = {
    "zstd": lambda: zstd.ZstdCompressor(level=1),
    "gzip": lambda: zlib.compressobj(3, zlib.DEFLATED, 31),
    "deflate": lambda: zlib.compressobj(3),
}
if lz4_frame is not None:
    _COMPRESSORS["lz4"] = lambda: _Lz4(lz4_frame.LZ4FrameCompressor())


def negotiated(accepted: str) -> tuple[str, Compressor] | None:
    """The first encoding of the client's list that is spoken here."""
    for part in accepted.split(","):
        name, _, weight = part.strip().partition(";")
        if name.strip() in _COMPRESSORS and weight.replace(" ", "") not in ("q=0", "q=0.0"):
            return name.strip(), _COMPRESSORS[name.strip()]()
    return None


def decompressed(body: bytes, encoding: str, limit: int) -> bytes:
    """The body as it was before it was compressed; never more than `limit` bytes of it are made."""
    try:
        match encoding:
            case "" | "identity":
                plain = body
            case "gzip" | "deflate":
                plain = zlib.decompressobj(47).decompress(body, limit + 1)
            case "zstd":
                stream = zstd.ZstdDecompressor()
                plain = stream.decompress(body, limit + 1)
                if not stream.eof and len(plain) <= limit:
                    raise EOFError("it ends within a frame")
            case "lz4" if lz4_frame is not None:
                plain = lz4_frame.LZ4FrameDecompressor().decompress(body, limit + 1)
            case _:
                raise BadRequest(f"the content encoding {encoding!r} is not known; use gzip, zstd or lz4")
    except (zlib.error, zstd.ZstdError, RuntimeError, EOFError) as error:
        raise BadRequest(f"the body is not {encoding}: {error}") from None
    if len(plain) > limit:
        raise TooLarge(f"the body is over {limit} bytes when decompressed; bind fewer or shorter values")
    return plain
