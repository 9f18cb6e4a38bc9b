"""A request's body on its way to being a message: what it is, and its decompression within limits.

Decompression goes in steps of `STEP` bytes and stops at the limit, so a bomb costs the limit plus one step,
whatever it claims to hold. It must never trust a length that the body states about itself.

zstd comes from `backports.zstd` (Python 3.14's own `compression.zstd`), because it alone has a bounded
`decompress` *and* says whether a frame ended: `zstandard`'s reader is silent about a truncated one.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Mapping
from enum import Enum

from playhead_collector.errors import BadRequest, TooLarge

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STEP = 256 * 1024
# A member is a few bytes and costs microseconds to open, so their number is a limit of its own. pigz and
# bgzip make one member of every 64 KiB or more.
MOST_MEMBERS = 4096
# RFC 9659: what a decoder of `Content-Encoding: zstd` must support, and all that it should.
ZSTD_WINDOW_LOG = 23


class Form(Enum):
    """How a message is written; the value is the media type."""

    PROTOBUF = "application/x-protobuf"
    JSON = "application/json"


_FORMS = {
    b"application/x-protobuf": Form.PROTOBUF,
    b"application/protobuf": Form.PROTOBUF,
    b"application/json": Form.JSON,
}
_ENCODINGS = {
    b"": "",
    b"identity": "",
    b"gzip": "gzip",
    b"x-gzip": "gzip",
    b"deflate": "deflate",
    b"zstd": "zstd",
}


def form_of(headers: Mapping[bytes, bytes]) -> Form:
    content_type = headers.get(b"content-type", b"")
    form = _FORMS.get(content_type.split(b";", 1)[0].strip().lower())
    if form is None:
        raise BadRequest(
            f"Content-Type {_quoted(content_type)} is not OTLP; send application/x-protobuf or application/json"
        )
    return form


def encoding_of(headers: Mapping[bytes, bytes]) -> str:
    """The encoding's name, or "" for a body that is sent as it is."""
    value = headers.get(b"content-encoding", b"")
    encoding = _ENCODINGS.get(value.strip().lower())
    if encoding is None:
        raise BadRequest(f"Content-Encoding {_quoted(value)} is not known here; send gzip, zstd, deflate or identity")
    return encoding


def inflated(body: bytes, encoding: str, limit: int, take: Callable[[int], None]) -> bytes:
    """The body without its encoding; `take` is told of every step before it is kept, and may refuse it."""
    if not encoding:
        return body
    parts: list[bytes] = []
    size = 0
    position = members = 0
    # Fed in slices: both libraries copy what they leave unread, which for many small members in one piece
    # is quadratic.
    while position < len(body) or not members:
        members += 1
        if members > MOST_MEMBERS:
            raise BadRequest(f"the {encoding} body has more than {MOST_MEMBERS} members; send it as one")
        decoder = _Member(encoding)
        while not decoder.ended:
            slice_ = body[position : position + STEP]
            piece, consumed = decoder.feed(slice_, position)
            position += consumed
            if size + len(piece) > limit:
                raise TooLarge(f"the body is over {limit} bytes after {encoding} decompression; send smaller batches")
            take(len(piece))
            size += len(piece)
            parts.append(piece)
            if not slice_ and not piece and not decoder.ended:
                raise BadRequest(f"the {encoding} body ends in the middle, after {len(body)} bytes; send all of it")
    return b"".join(parts)


class _Member:
    """One gzip member, zlib stream or zstd frame."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self.ended = False
        if encoding == "zstd":
            options = {int(zstd.DecompressionParameter.window_log_max): ZSTD_WINDOW_LOG}
            self._zstd: zstd.ZstdDecompressor | None = zstd.ZstdDecompressor(options=options)
        else:
            self._zstd = None
            self._zlib = zlib.decompressobj(wbits=31 if encoding == "gzip" else 15)

    def feed(self, data: bytes, position: int) -> tuple[bytes, int]:
        """At most STEP bytes of output, and how much of `data` was used for them."""
        try:
            if self._zstd is not None:
                # It keeps what it has not used yet, so new input is given only when it asks.
                fresh = data if self._zstd.needs_input else b""
                piece = self._zstd.decompress(fresh, STEP)
                self.ended = self._zstd.eof
                return piece, len(fresh) - len(self._zstd.unused_data)
            piece = self._zlib.decompress(data, STEP)
            self.ended = self._zlib.eof
            left = self._zlib.unused_data if self.ended else self._zlib.unconsumed_tail
            return piece, len(data) - len(left)
        except (zlib.error, zstd.ZstdError) as error:
            raise BadRequest(
                f"the body is not valid {self._encoding}, near byte {position} of what was sent: {error}"
            ) from None


def _quoted(value: bytes) -> str:
    return repr(value[:80].decode("latin-1")) if value else "(none)"
