from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead_collector.errors import BadRequest, TooLarge, TryLater
from playhead_collector.receive.body import STEP, Form, encoding_of, form_of, inflated
from playhead_collector.receive.limits import Room

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1024 * 1024
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstd.compress,
}
encodings = pytest.mark.parametrize("encoding", list(PACK))


def unpack(body: bytes, encoding: str, limit: int = 8 * MIB) -> bytes:
    return inflated(body, encoding, limit, lambda size: None)


@given(st.sampled_from(list(PACK)), st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_whatever_was_packed_comes_back_also_in_several_members(encoding: str, parts: list[bytes]) -> None:
    assert unpack(b"".join(PACK[encoding](part) for part in parts), encoding) == b"".join(parts)


@encodings
def test_a_body_of_many_steps_comes_back(encoding: str) -> None:
    body = bytes(range(256)) * (5 * STEP // 256) + b"end"
    assert unpack(PACK[encoding](body), encoding) == body


@encodings
def test_a_bomb_costs_the_limit_and_no_more(encoding: str) -> None:
    packed = PACK[encoding](bytes(64 * MIB))
    taken: list[int] = []
    with pytest.raises(TooLarge, match=f"over {MIB} bytes after {encoding}"):
        inflated(packed, encoding, MIB, taken.append)
    assert sum(taken) <= MIB
    assert max(taken) <= STEP


@encodings
def test_what_is_inflated_is_taken_from_the_room_as_it_grows(encoding: str) -> None:
    with Room(MIB).lease() as lease, pytest.raises(TryLater):
        inflated(PACK[encoding](bytes(8 * MIB)), encoding, 64 * MIB, lease.take)


@encodings
@pytest.mark.parametrize("cut", [0, 1, 5, -9, -1])
def test_a_truncated_body_is_refused(encoding: str, cut: int) -> None:
    packed = PACK[encoding](b"a prompt " * 100)
    with pytest.raises(BadRequest, match=f"{encoding} body ends in the middle"):
        unpack(packed[:cut], encoding)


@encodings
def test_a_truncated_second_member_is_refused(encoding: str) -> None:
    packed = PACK[encoding](b"a prompt " * 100)
    with pytest.raises(BadRequest, match="ends in the middle"):
        unpack(packed + packed[:-3], encoding)


@encodings
@pytest.mark.parametrize("before", [b"", b"some more text than a header has"])
def test_garbage_is_refused_alone_and_after_a_member(encoding: str, before: bytes) -> None:
    with pytest.raises(BadRequest, match=f"not valid {encoding}"):
        unpack((PACK[encoding](before) if before else b"") + b"this was never packed", encoding)


def test_a_wrong_checksum_is_refused() -> None:
    packed = bytearray(gzip.compress(b"a prompt"))
    packed[-6] ^= 1
    with pytest.raises(BadRequest, match="not valid gzip"):
        unpack(bytes(packed), "gzip")


def test_countless_empty_members_are_refused() -> None:
    with pytest.raises(BadRequest, match="more than 4096 members"):
        unpack(gzip.compress(b"") * 5000, "gzip")


def test_a_zstd_window_beyond_what_http_allows_is_refused() -> None:
    far = {int(zstd.CompressionParameter.window_log): 27, int(zstd.CompressionParameter.content_size_flag): 0}
    compressor = zstd.ZstdCompressor(options=far)
    with pytest.raises(BadRequest, match="not valid zstd"):
        unpack(compressor.compress(bytes(MIB)) + compressor.flush(), "zstd")


@given(st.sampled_from(list(PACK)), st.binary(max_size=100))
def test_no_bytes_do_more_than_be_refused(encoding: str, body: bytes) -> None:
    with pytest.raises(BadRequest):
        unpack(body, encoding)


def test_an_identity_body_is_itself() -> None:
    body = b"as it is"
    assert unpack(body, encoding_of({b"content-encoding": b"identity"})) is body


@pytest.mark.parametrize("value", [b"br", b"gzip, zstd", b"\xff"])
def test_an_unknown_encoding_is_refused_with_those_that_are_known(value: bytes) -> None:
    with pytest.raises(BadRequest, match="send gzip, zstd, deflate or identity"):
        encoding_of({b"content-encoding": value})


def test_content_types_are_read_without_their_parameters_and_case() -> None:
    assert form_of({b"content-type": b"Application/JSON; charset=utf-8"}) is Form.JSON
    assert form_of({b"content-type": b"application/x-protobuf"}) is Form.PROTOBUF
    with pytest.raises(BadRequest, match=r"Content-Type 'text/plain' is not OTLP"):
        form_of({b"content-type": b"text/plain"})
    with pytest.raises(BadRequest, match=r"Content-Type \(none\) is not OTLP"):
        form_of({})
