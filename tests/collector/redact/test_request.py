"""Nothing that rules name reaches the spool, wherever in a request it stands, and what was hidden is said."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from tests.collector.receive.messages import RUN, START, STEP, logs, otlp_json, span, traces
from tests.collector.receive.receiver import JSON, PROTOBUF, receiving

from playhead.errors import UsageError
from playhead.values.redact import Redactor
from playhead.values.shapes import TOKEN
from playhead_collector.config import Settings
from playhead_collector.errors import RedactionFailed
from playhead_collector.receive.check import check
from playhead_collector.receive.export import Exporter
from playhead_collector.receive.signal import Signal
from playhead_collector.redact.projects import redactions_of
from playhead_collector.redact.request import RequestRedaction
from playhead_collector.redact.rules import Rules, rules_by_project
from playhead_collector.redact.said import COUNT, KINDS, PLACES, counts_of
from playhead_collector.spool.spool import Spool

SECRET = "anna@example.com"
KEY = "sk-" + "proj-Ab12Cd34Ef56Gh78Ij90"
# Ids are fixed in length and never text.
IDS = {"trace_id", "span_id", "parent_span_id"}
Attributes = list[KeyValue]


def redaction(*entries: str) -> RequestRedaction:
    rules = rules_by_project(entries).of("default")
    assert rules is not None
    return RequestRedaction(rules, b"salt")


def text(value: str) -> AnyValue:
    return AnyValue(string_value=value)


def hidden(attributes: Attributes, *entries: str) -> dict[str, AnyValue]:
    """The attributes of a span after the rules."""
    request = traces(span(attributes=attributes))
    redaction(*entries).apply(Signal.TRACES, request)
    return {one.key: one.value for one in request.resource_spans[0].scope_spans[0].spans[0].attributes}


def fill(message: Any, path: str = "", depth: int = 0) -> Iterator[str]:
    """Puts the secret into every text that a message can have; yields where."""
    for field in message.DESCRIPTOR.fields:
        where = f"{path}.{field.name}"
        if field.type == FieldDescriptor.TYPE_STRING and field.name not in IDS:
            if field.is_repeated:
                getattr(message, field.name).append(SECRET)
            elif field.containing_oneof is None or message.WhichOneof(field.containing_oneof.name) is None:
                setattr(message, field.name, SECRET)
            yield where
        elif field.type == FieldDescriptor.TYPE_MESSAGE and depth < 9:
            if field.message_type.name == "AnyValue" and field.is_repeated:
                for kind in ("string_value", "bytes_value", "array_value", "kvlist_value"):
                    yield from _value(getattr(message, field.name).add(), kind, where, depth)
            elif field.message_type.name == "AnyValue":
                yield from _value(
                    getattr(message, field.name), "array_value" if depth < 6 else "string_value", where, depth
                )
            elif field.containing_oneof is None:
                inner = getattr(message, field.name)
                yield from fill(inner.add() if field.is_repeated else inner, where, depth + 1)


def _value(value: AnyValue, kind: str, where: str, depth: int) -> Iterator[str]:
    if kind == "string_value":
        value.string_value = SECRET
    elif kind == "bytes_value":
        value.bytes_value = SECRET.encode()
    elif depth < 8:
        yield from fill(getattr(value, kind), where, depth + 1)
    yield f"{where}.{kind}"


@pytest.mark.parametrize("signal", [Signal.TRACES, Signal.LOGS])
def test_every_text_that_otlp_has_is_looked_at(signal: Signal) -> None:
    request = signal.request()
    places = list(fill(request))
    assert len(places) > 30
    assert SECRET.encode() in request.SerializeToString()
    redaction("email").apply(signal, request)
    assert SECRET.encode() not in request.SerializeToString()


def test_a_key_hides_all_that_stands_under_it_in_attributes_and_in_json() -> None:
    inner = KeyValueList(values=[KeyValue(key="Customer", value=text("Anna")), KeyValue(key="n", value=text("kept"))])
    said = json.dumps({"a": {"customer": {"name": "Anna", "tags": ["]", '"}']}}, "customer": [1, 2], "b": "kept"})
    got = hidden(
        [
            KeyValue(key="customer", value=AnyValue(int_value=7)),
            KeyValue(key="app.customer", value=AnyValue(array_value=ArrayValue(values=[text("Anna")]))),
            KeyValue(key="app.deep", value=AnyValue(kvlist_value=inner)),
            KeyValue(key="input.value", value=text(said)),
            KeyValue(key="twice", value=text(json.dumps({"text": said}))),
            KeyValue(key="http.request.header.x", value=text("v")),
        ],
        "key:customer",
        "key:http.request.header.*",
    )
    for key in ("customer", "app.customer", "http.request.header.x"):
        assert TOKEN.fullmatch(got[key].string_value), key
    deep = {one.key: one.value.string_value for one in got["app.deep"].kvlist_value.values}
    assert TOKEN.fullmatch(deep["Customer"])
    assert deep["n"] == "kept"
    for value in (
        json.loads(got["input.value"].string_value),
        json.loads(json.loads(got["twice"].string_value)["text"]),
    ):
        assert TOKEN.fullmatch(value["a"]["customer"])
        assert TOKEN.fullmatch(value["customer"])
        assert value["b"] == "kept"


def test_secrets_of_known_shapes_and_names_are_hidden_with_any_rule() -> None:
    attributes = [
        KeyValue(key="note", value=text(f"use {KEY}")),
        KeyValue(key="http.authorization", value=text("Basic eA")),
    ]
    got = hidden(attributes, "secrets")
    assert KEY not in got["note"].string_value
    assert TOKEN.search(got["http.authorization"].string_value)


@pytest.mark.parametrize("name", ["http.request.header.authorization", "http.response.header.set-cookie", "password"])
def test_every_text_under_a_secrets_name_is_one_and_no_number_is(name: str) -> None:
    secrets = [text("Basic dXNlcjpw"), AnyValue(bytes_value=b"plain \xff words")]
    listed = AnyValue(array_value=ArrayValue(values=secrets))
    inner = KeyValueList(values=[KeyValue(key="a", value=listed), KeyValue(key="n", value=AnyValue(int_value=7))])
    value = AnyValue(array_value=ArrayValue(values=[AnyValue(kvlist_value=inner)]))
    deep = AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key=name, value=value)]))
    for given in (KeyValue(key=name, value=value), KeyValue(key="x", value=deep)):
        got = hidden([given], "secrets")
        written = b"".join(one.SerializeToString() for one in got.values())
        assert b"dXNlcjpw" not in written
        assert b"words" not in written
        assert AnyValue(int_value=7).SerializeToString() in written
        assert counts_of(got[KINDS].string_value) == {"credential": 2}


def test_a_secrets_name_with_bytes_under_it_keeps_their_type_and_a_token_that_comes_again() -> None:
    once = hidden([KeyValue(key="password", value=AnyValue(bytes_value=b"hunter2222"))], "secrets")["password"]
    assert TOKEN.fullmatch(once.bytes_value.decode())
    again = hidden([KeyValue(key="password", value=once)], "secrets")
    assert again == {"password": once}


def test_figures_with_names_like_those_of_secrets_are_kept() -> None:
    names = ["gen_ai.usage.input_tokens", "gen_ai.request.max_tokens", "llm.token_count.total", "token"]
    given = [KeyValue(key=name, value=AnyValue(int_value=4096)) for name in names]
    given += [KeyValue(key="gen_ai.usage.output_tokens", value=AnyValue(array_value=ArrayValue(values=[text("12")])))]
    assert hidden(given, "secrets") == {one.key: one.value for one in given}


def test_a_card_number_is_one_as_a_number_too() -> None:
    got = hidden([KeyValue(key="n", value=AnyValue(int_value=4111111111111111))], "card")
    assert TOKEN.fullmatch(got["n"].string_value)
    assert hidden([KeyValue(key="n", value=AnyValue(int_value=START))], "card")["n"].int_value == START


def test_a_pattern_hides_its_group() -> None:
    got = hidden([KeyValue(key="n", value=text("order ACME-123 of ACME-77é"))], r"pattern:ACME-(?P<secret>\d+)")
    assert TOKEN.sub("…", got["n"].string_value) == "order ACME-… of ACME-…é"


def test_an_item_says_how_much_was_hidden_of_which_kinds_and_where_and_never_what() -> None:
    got = hidden(
        [KeyValue(key="input.value", value=text(f"{SECRET} and bob@example.com")), KeyValue(key="x", value=text(KEY))],
        "email",
    )
    assert got[COUNT].int_value == 3
    assert counts_of(got[KINDS].string_value) == {"email": 2, "api-key": 1}
    assert counts_of(got[PLACES].string_value) == {"input.value": 2, "x": 1}
    assert not {COUNT, KINDS, PLACES} & hidden([KeyValue(key="x", value=text("clean"))], "email").keys()


def test_a_second_collector_adds_to_what_the_first_one_said() -> None:
    request = traces(span(attributes=[KeyValue(key="a", value=text(SECRET)), KeyValue(key="b", value=text("ACME-12"))]))
    redaction("email").apply(Signal.TRACES, request)
    redaction("email", r"pattern:ACME-\d+").apply(Signal.TRACES, request)
    got = {one.key: one.value for one in request.resource_spans[0].scope_spans[0].spans[0].attributes}
    assert got[COUNT].int_value == 2
    assert counts_of(got[KINDS].string_value) == {"email": 1, "custom": 1}


def test_a_rule_alone_is_for_every_project_and_one_with_a_name_for_that() -> None:
    rules = rules_by_project(["email", "shop=card", "shop=pattern:a=b", "key:x"])
    assert rules.of("other") == Rules(("email",), ("x",))
    assert rules.of("shop") == Rules(("email", "card"), ("x",), ("a=b",))
    assert rules_by_project(["shop=card"]).of("default") is None


@pytest.mark.parametrize(
    "entry",
    ["e-mail", "key:", "key:*", "pattern:", "pattern:(a", "pattern:a*", "pattern:(?=a)", "Shop=email", "x" * 2000],
)
def test_what_is_no_rule_is_refused_before_anything_is_received(entry: str) -> None:
    with pytest.raises(UsageError):
        Settings(redact=[entry]).check()


def test_an_expression_that_would_hang_pythons_engine_takes_no_time_to_speak_of() -> None:
    got = hidden([KeyValue(key="n", value=text("a" * 30_000 + "b"))], "pattern:(a+)+$")
    assert got["n"].string_value.endswith("b")


class Breaking:
    groupindex: Mapping[str, int] = {}

    def search(self, text: str, /) -> Any:
        raise ValueError(f"cannot look at {text}")

    def sub(self, repl: Any, text: str, /) -> str:
        raise ValueError(f"cannot look at {text}")


class BrokenRules(Rules):
    def redactor(self, salt: bytes) -> Redactor:
        return Redactor(salt, patterns=[Breaking()])


def test_where_hiding_fails_nothing_is_kept_and_the_error_quotes_nothing() -> None:
    broken = RequestRedaction(BrokenRules(), b"salt")
    body = traces(span(attributes=[KeyValue(key="a", value=text(SECRET))])).SerializeToString()
    with receiving(redacting=lambda project: broken) as receiver:
        reply = receiver.send(body)
    assert (reply.status, receiver.spool.kept) == (500, [])
    assert "could not be applied" in reply.refusal().message
    assert SECRET.encode() not in reply.body
    with pytest.raises(RedactionFailed) as caught:
        check(Signal.TRACES, body, redacting=broken)
    assert caught.value.__cause__ is None


def test_a_recording_is_withheld_and_named_unless_a_rule_keeps_it() -> None:
    fields: dict[str, Any] = {"trace_id": RUN, "span_id": STEP, "time_unix_nano": START}
    chunk = LogRecord(event_name="playhead.recording", body=AnyValue(bytes_value=b"0:1 " + SECRET.encode()), **fields)
    request = logs(chunk, LogRecord(body=text(f"mail {SECRET}"), **fields)).SerializeToString()
    checked = check(Signal.LOGS, request, redacting=redaction("email"))
    assert (checked.accepted, checked.rejected) == (1, 1)
    assert "keep-recordings" in checked.reason
    assert SECRET.encode() not in checked.body
    checked = check(Signal.LOGS, request, redacting=redaction("email", "keep-recordings"))
    assert (checked.accepted, checked.rejected) == (2, 0)
    assert checked.body.count(SECRET.encode()) == 1


@pytest.mark.parametrize("form", ["protobuf", "json", "gzip"])
def test_what_is_hidden_was_never_in_a_file_of_the_spool(tmp_path: Path, form: str) -> None:
    settings = Settings(store=f"chdb://{tmp_path}/store", redact=["email"])
    request = traces(span(SECRET, attributes=[KeyValue(key="a", value=text(f"to {SECRET}"))]))
    body = request.SerializeToString()
    headers, content_type = dict[str, str](), PROTOBUF
    if form == "json":
        body, content_type = json.dumps(otlp_json(request)).encode(), JSON
    elif form == "gzip":
        body, headers = gzip.compress(body), {"content-encoding": "gzip"}
    with receiving(redacting=redactions_of(settings)) as receiver:
        assert receiver.send(body, content_type, headers=headers).status == 200
        (kept,) = receiver.spool.kept

    async def keep() -> None:
        spool = Spool(settings.spool_folder)
        spool.start()
        await Exporter(spool, redacting=redactions_of(settings)).export(
            Signal.TRACES, request.SerializeToString(), "default"
        )
        await spool.close()

    asyncio.run(keep())
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"[redacted:email:" in one for one in written)
    assert not any(SECRET.encode() in one for one in [*written, kept.body])
