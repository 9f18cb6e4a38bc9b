"""How much memory a message would need once parsed, found without parsing it.

Two bytes on the wire can be an empty span, which upb keeps in 170 (measured: 4 MiB of them took 350 MiB and
a quarter of a second with the interpreter stopped; gzip makes 64 KiB of 64 MiB of them). So a body that is
large enough to matter is walked by its schema first, and the walk ends as soon as the limit is passed.
Smaller bodies, nearly all, are never walked.
"""

from __future__ import annotations

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from playhead_collector.errors import TooLarge

# The most that a byte on the wire can become, over all OTLP messages, rounded up.
WORST = 96

# Fields that are no messages cost time here and no memory there; OTLP's messages have at most 17.
_PLAIN, _PLAIN_A_MESSAGE = 100_000, 64

_SIZES = {
    FieldDescriptor.CPPTYPE_STRING: 16,
    FieldDescriptor.CPPTYPE_INT64: 8,
    FieldDescriptor.CPPTYPE_UINT64: 8,
    FieldDescriptor.CPPTYPE_DOUBLE: 8,
    FieldDescriptor.CPPTYPE_MESSAGE: 8,
}


class _Shape:
    """A message type: its size in memory, and which of its fields are messages again."""

    __slots__ = ("messages", "size")

    def __init__(self, descriptor: Descriptor) -> None:
        # Its own header, and its pointer in an array that has up to half of its places empty.
        self.size = 8 + 16 + sum(8 if f.is_repeated else _SIZES.get(f.cpp_type, 4) for f in descriptor.fields)
        self.messages: dict[int, _Shape] = {}


_shapes: dict[str, _Shape] = {}


def _shape_of(descriptor: Descriptor) -> _Shape:
    shape = _shapes.get(descriptor.full_name)
    if shape is None:
        shape = _shapes[descriptor.full_name] = _Shape(descriptor)
        for field in descriptor.fields:
            if field.message_type is not None:
                shape.messages[field.number] = _shape_of(field.message_type)
    return shape


def refuse_if_too_heavy(body: bytes, descriptor: Descriptor, limit: int) -> None:
    """Raise TooLarge when parsing needs more than `limit` bytes. Malformed bodies are left to the parser."""
    if len(body) * WORST <= limit:
        return
    try:
        weight = _weight(body, _shape_of(descriptor), limit)
    except IndexError:
        return
    if weight > limit:
        raise TooLarge(
            f"the body of {len(body)} bytes would need more than {limit} bytes of memory once parsed, "
            "because it is made of very many tiny parts; send smaller batches"
        )


def _weight(body: bytes, shape: _Shape, limit: int) -> int:
    weight = len(body)
    end = len(body)
    at = 0
    # In the order of the bytes, as the parser goes: where this stops at a malformed place, so will the
    # parser.
    outer: list[tuple[int, _Shape]] = []
    plain_left = _PLAIN
    while weight <= limit:
        if at >= end:
            if not outer:
                return weight
            end, shape = outer.pop()
            continue
        tag, at = _varint(body, at)
        if tag < 8:  # a field of number 0, which the parser refuses
            raise IndexError
        kind = tag & 7
        plain_left -= 1
        if not plain_left:
            return limit + 1
        if kind == 2:
            size, at = _varint(body, at)
            inner = shape.messages.get(tag >> 3)
            if inner is None:
                at += size
                continue
            if at + size > end:
                raise IndexError
            weight += inner.size
            plain_left += _PLAIN_A_MESSAGE
            outer.append((end, shape))
            end, shape = at + size, inner
        elif kind == 0:
            _, at = _varint(body, at)
        elif kind == 1:
            at += 8
        elif kind == 5:
            at += 4
        elif kind > 5:
            raise IndexError
    return weight


def _varint(body: bytes, at: int) -> tuple[int, int]:
    byte = body[at]
    if byte < 128:
        return byte, at + 1
    value = byte & 127
    shift = 7
    while byte >= 128:
        at += 1
        byte = body[at]
        value |= (byte & 127) << shift
        shift += 7
        if shift > 70:
            raise IndexError
    return value, at + 1
