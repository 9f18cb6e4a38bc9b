"""OTLP/JSON to protobuf: the JSON mapping of protobuf, with ids in hex.

Written from the messages' own descriptors, once per message type, because neither thing at hand fits:
`json_format` builds a name table anew for every message, takes any text for base64 and knows no hex ids;
`opentelemetry-proto-json` makes its own dataclasses and refuses what OTLP tells a receiver to accept. Ids
are hex by field, so an attribute that happens to be called `traceId` stays what it is.

Lenient where OTLP is: unknown names are ignored, `null` is absent, snake_case names and names of enum
values are read, 64-bit integers may be strings or numbers. A lone surrogate, which JavaScript leaves when
it cuts a string in an emoji, becomes U+FFFD, as every UTF-8 encoder there would have made it: refusing a
whole batch for it would lose the others. All else that does not fit its field is refused, with the place.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import EncodeError, Message

from playhead_collector.errors import BadRequest, TooLarge
from playhead_collector.receive.limits import UNFOLDED
from playhead_collector.receive.signal import Signal

_HEX_FIELDS = frozenset({"trace_id", "span_id", "parent_span_id"})
_FLOATS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class _Unfit(ValueError):
    """A value that its field cannot hold; the place is put together on the way out."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.place: list[str] = []


def protobuf_from_json(signal: Signal, body: bytes, unfolded: int = UNFOLDED) -> bytes:
    """The same request as protobuf bytes. Raises BadRequest, with the place, where it is not OTLP/JSON."""
    # What Python makes of an object with two members, and of the comma after it; measured.
    if (need := 232 * body.count(b"{") + 64 * body.count(b",") + 2 * len(body)) > unfolded:
        raise TooLarge(f"the JSON of {len(body)} bytes would need about {need} bytes once parsed; send smaller batches")
    request = signal.request()
    try:
        parsed = json.loads(body.decode("utf-8-sig"))
        _plan_of(request.DESCRIPTOR).fill(request, parsed)
        return bytes(request.SerializeToString())
    except UnicodeDecodeError as error:
        raise BadRequest(f"the JSON is not UTF-8: {error.reason} at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None
    except _Unfit as error:
        where = "".join(reversed(error.place)).lstrip(".") or "the top"
        raise BadRequest(f"not valid OTLP/JSON at {where}: {error}") from None
    except (RecursionError, EncodeError):
        raise BadRequest("the JSON is nested deeper than OTLP messages can be (100 levels)") from None
    except ValueError as error:  # a number of more digits than Python reads
        raise BadRequest(f"the body is not JSON: {error}") from None


_Setter = Callable[[Message, Any], None]


class _Plan:
    """How the members of one message type are read."""

    __slots__ = ("name", "oneofs", "setters")

    def __init__(self, descriptor: Descriptor) -> None:
        self.name = descriptor.name
        self.setters: dict[str, _Setter] = {}
        self.oneofs: dict[str, str] = {}

    def fill(self, message: Message, value: Any) -> None:
        if type(value) is not dict:
            raise _Unfit(f"{self.name} must be an object, not {_seen(value)}")
        setters = self.setters
        for name, member in value.items():
            setter = setters.get(name)
            if setter is None or member is None:
                continue
            try:
                setter(message, member)
            except _Unfit as error:
                error.place.append(f".{name}")
                raise
        if len(value) > 1 and self.oneofs:
            self._refuse_two_of_one(value)

    def _refuse_two_of_one(self, value: dict[str, Any]) -> None:
        seen: dict[str, str] = {}
        for name, member in value.items():
            group = self.oneofs.get(name)
            if group is not None and member is not None and seen.setdefault(group, name) != name:
                raise _Unfit(f"{self.name} has both {seen[group]} and {name}, of which it can hold one")


_plans: dict[str, _Plan] = {}


def _plan_of(descriptor: Descriptor) -> _Plan:
    plan = _plans.get(descriptor.full_name)
    if plan is None:
        plan = _Plan(descriptor)
        _plans[descriptor.full_name] = plan  # before its fields: messages hold themselves
        for field in descriptor.fields:
            setter = _setter(field)
            for name in (field.json_name, field.name):
                plan.setters[name] = setter
                if field.containing_oneof is not None:
                    plan.oneofs[name] = field.containing_oneof.name
    return plan


def _setter(field: FieldDescriptor) -> _Setter:
    name = field.name
    if field.message_type is not None:
        plan = _plan_of(field.message_type)
        return _messages(name, plan) if field.is_repeated else _message(name, plan)
    read = _reader(field)
    return _scalars(name, read) if field.is_repeated else _scalar(name, read)


def _message(name: str, plan: _Plan) -> _Setter:
    def put(message: Message, value: Any) -> None:
        inner = getattr(message, name)
        inner.SetInParent()
        plan.fill(inner, value)

    return put


def _messages(name: str, plan: _Plan) -> _Setter:
    def put(message: Message, value: Any) -> None:
        add = getattr(message, name).add
        for index, item in enumerate(_list(value)):
            try:
                plan.fill(add(), item)
            except _Unfit as error:
                error.place.append(f"[{index}]")
                raise

    return put


def _scalar(name: str, read: Callable[[Any], Any]) -> _Setter:
    def put(message: Message, value: Any) -> None:
        try:
            setattr(message, name, read(value))
        except UnicodeEncodeError:
            setattr(message, name, value.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
        except ValueError as error:
            raise error if isinstance(error, _Unfit) else _Unfit(f"{_seen(value)} is out of range") from None

    return put


def _scalars(name: str, read: Callable[[Any], Any]) -> _Setter:
    def put(message: Message, value: Any) -> None:
        append = getattr(message, name).append
        for index, item in enumerate(_list(value)):
            try:
                append(read(item))
            except ValueError as error:
                unfit = error if isinstance(error, _Unfit) else _Unfit(f"{_seen(item)} is out of range")
                unfit.place.append(f"[{index}]")
                raise unfit from None

    return put


def _reader(field: FieldDescriptor) -> Callable[[Any], Any]:
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _hex if field.name in _HEX_FIELDS else _base64
    if field.enum_type is not None:
        numbers = {name: value.number for name, value in field.enum_type.values_by_name.items()}
        return lambda value: numbers[value] if type(value) is str and value in numbers else _integer(value)
    return {
        FieldDescriptor.CPPTYPE_STRING: _string,
        FieldDescriptor.CPPTYPE_BOOL: _boolean,
        FieldDescriptor.CPPTYPE_DOUBLE: _double,
        FieldDescriptor.CPPTYPE_FLOAT: _double,
    }.get(field.cpp_type, _integer)


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise _Unfit(f"must be an array, not {_seen(value)}")
    return value


def _string(value: Any) -> str:
    if type(value) is not str:
        raise _Unfit(f"must be a string, not {_seen(value)}")
    return value


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise _Unfit(f"must be true or false, not {_seen(value)}")
    return value


def _integer(value: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is str and "_" not in value:
        try:
            return int(value)
        except ValueError:
            pass
    raise _Unfit(f"must be an integer, or one in a string, not {_seen(value)}")


def _double(value: Any) -> float:
    if type(value) is float:
        return value
    try:
        if type(value) is int:
            return float(value)
        if type(value) is str:
            return _FLOATS[value] if value in _FLOATS else float(value)
    except (ValueError, OverflowError):
        pass
    raise _Unfit(f"must be a number, not {_seen(value)}")


def _hex(value: Any) -> bytes:
    try:
        if type(value) is str and value.isalnum():
            return bytes.fromhex(value)
        if value == "":
            return b""
    except ValueError:
        pass
    raise _Unfit(f"must be an id in hex, not {_seen(value)}")


def _base64(value: Any) -> bytes:
    if type(value) is str:
        try:
            padded = value.rstrip("=").translate({45: "+", 95: "/"})
            return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
        except (binascii.Error, ValueError):
            pass
    raise _Unfit(f"must be base64, not {_seen(value)}")


def _seen(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:59] + "…"
