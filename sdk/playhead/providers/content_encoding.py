"""Bodies as their content encoding names them, decoded and encoded again.

gzip and deflate are the standard library's. Brotli and zstd are decoded with what the process has loaded: a client that
asked for them has a decoder, and this package imports nothing of others.
"""

from __future__ import annotations

import sys
import zlib
from typing import Any

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
# What text begins with: such a body has been decoded already by the client, though the header stayed.
_PLAIN = (b"{", b"[", b"data:", b"event:", b":", b"<", b" ", b"\n", b"\r")


def decoded(body: bytes, encoding: str | None) -> bytes | None:
    """The body without its encoding, as far as it came; None where no decoder for it is at hand."""
    if not encoding:
        return body
    for name in reversed(encoding.lower().split(",")):
        plain = _decoded(body, name.strip())
        if plain is None:
            return None
        body = plain
    return body


def encoded(body: bytes, encoding: str | None) -> bytes | None:
    """The body in this encoding; None where no encoder for it is at hand."""
    for name in (encoding or "").lower().split(","):
        made = _encoded(body, name.strip())
        if made is None:
            return None
        body = made
    return body


def _decoded(body: bytes, name: str) -> bytes | None:
    if name in ("", "identity") or not body:
        return body
    if name in ("gzip", "x-gzip"):
        return _inflated(body, 31) if body.startswith(_GZIP) else body
    if name == "deflate":
        return body if body.startswith(_PLAIN) else _inflated(body, 15) or _inflated(body, -15)
    if name == "zstd":
        return _by(body, ("compression.zstd", "backports.zstd"), "decompress") if body.startswith(_ZSTD) else body
    if name == "br":
        return body if body.startswith(_PLAIN) else _by(body, ("brotli", "brotlicffi"), "decompress")
    return None


def _inflated(body: bytes, window: int) -> bytes:
    """All that can be had of a body that may be cut."""
    reader = zlib.decompressobj(window)
    out: list[bytes] = []
    for at in range(0, len(body), 1 << 16):
        try:
            out.append(reader.decompress(body[at : at + (1 << 16)]))
        except zlib.error:
            break
    return b"".join(out)


def _encoded(body: bytes, name: str) -> bytes | None:
    if name in ("", "identity"):
        return body
    if name in ("gzip", "x-gzip"):
        writer = zlib.compressobj(6, zlib.DEFLATED, 31)
        return writer.compress(body) + writer.flush()
    if name == "deflate":
        return zlib.compress(body)
    if name == "zstd":
        return _by(body, ("compression.zstd", "backports.zstd"), "compress")
    return _by(body, ("brotli", "brotlicffi"), "compress") if name == "br" else None


def _by(body: bytes, modules: tuple[str, ...], function: str) -> bytes | None:
    for name in modules:
        found: Any = getattr(sys.modules.get(name), function, None)
        if found is not None:
            try:
                made = found(body)
            except Exception:  # noqa: BLE001 - each of these libraries has errors of its own, and none may reach the agent
                return None
            return made if isinstance(made, bytes) else None
    return None
