"""Hides what rules name in a parsed OTLP request, wherever it has text, before a byte of it is kept.

What is stored is then not what was sent, and says so: an item (or resource, or scope) of which something was hidden
carries how much, of which kinds and where, in three attributes; never what. A test puts a secret into every text field
that OTLP has, so one that a newer OTLP brings is found there.

Where hiding fails, RedactionFailed is raised and nothing is kept: it must never pass what it could not look at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from playhead.journal.recording import EVENT
from playhead.recorder.redaction import Redaction
from playhead.values.redact import Redactor
from playhead.values.shapes import HEADERS, TOKEN
from playhead_collector.errors import RedactionFailed
from playhead_collector.receive.signal import Signal
from playhead_collector.redact.rules import Rules
from playhead_collector.redact.said import Found, say

_MOST_KEYS = 20_000
# Of fewer digits no number is one of a card.
_LARGE = 10**11


class RequestRedaction:
    """One project's rules, applied. Safe to use from any thread."""

    def __init__(self, rules: Rules, salt: bytes, redactor: Redactor | None = None) -> None:
        self.keeps_recordings = rules.keep_recordings
        self._redactor: Redactor = redactor or rules.redactor(salt)
        # It remembers what was clean: an agent's turn says its conversation again.
        self._redaction = Redaction(self._redactor)
        self._named = {key.lower() for key in rules.keys if "*" not in key}
        globs = "|".join(re.escape(key).replace(r"\*", ".*") for key in rules.keys if "*" in key)
        self._glob = re.compile(f"(?is)(?:{globs})") if globs else None
        self._keys: dict[str, tuple[bool, bool]] = {}

    def apply(self, signal: Signal, request: Any) -> int:
        """Changes the request; returns how many of its items it took out."""
        try:
            return self._traces(request) if signal is Signal.TRACES else self._logs(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, what was sent must not pass
            # Not its text, nor its chain: either may quote what was sent.
            raise RedactionFailed(
                f"the redaction rules of this project could not be applied ({type(error).__name__}), so nothing of the "
                "request was kept"
            ) from None

    def _traces(self, request: Any) -> int:
        for resource in request.resource_spans:
            self._resource(resource)
            for scope in resource.scope_spans:
                self._scope(scope)
                for span in scope.spans:
                    self._span(span)
        return 0

    def _logs(self, request: Any) -> int:
        withheld = 0
        for resource in request.resource_logs:
            self._resource(resource)
            for scope in resource.scope_logs:
                self._scope(scope)
                records = scope.log_records
                if not self.keeps_recordings and any(record.event_name == EVENT for record in records):
                    kept = [record for record in records if record.event_name != EVENT]
                    withheld += len(records) - len(kept)
                    del records[:]
                    records.extend(kept)
                for record in records:
                    if record.event_name != EVENT:
                        self._record(record)
        return withheld

    def _resource(self, holder: Any) -> None:
        found: Found = Counter()
        self._texts(holder, ("schema_url",), found)
        if holder.HasField("resource"):
            resource = holder.resource
            self._attributes(resource.attributes, "resource.", found)
            for entity in resource.entity_refs:
                self._texts(entity, ("schema_url", "type"), found)
                for keys in (entity.id_keys, entity.description_keys):
                    keys[:] = [self._text(key, "resource.entity", found) for key in keys]
        if found:
            say(holder.resource.attributes, found)

    def _scope(self, holder: Any) -> None:
        found: Found = Counter()
        self._texts(holder, ("schema_url",), found)
        if holder.HasField("scope"):
            self._texts(holder.scope, ("name", "version"), found)
            self._attributes(holder.scope.attributes, "scope.", found)
        if found:
            say(holder.scope.attributes, found)

    def _span(self, span: Any) -> None:
        found: Found = Counter()
        self._texts(span, ("name", "trace_state"), found)
        if span.HasField("status"):
            self._texts(span.status, ("message",), found, "status")
        self._attributes(span.attributes, "", found)
        for event in span.events:
            self._texts(event, ("name",), found, "event")
            self._attributes(event.attributes, "event.", found)
        for link in span.links:
            self._texts(link, ("trace_state",), found, "link")
            self._attributes(link.attributes, "link.", found)
        if found:
            say(span.attributes, found)

    def _record(self, record: Any) -> None:
        found: Found = Counter()
        self._texts(record, ("severity_text", "event_name"), found)
        if record.HasField("body"):
            self._value(record.body, "body", found)
        self._attributes(record.attributes, "", found)
        if found:
            say(record.attributes, found)

    def _texts(self, holder: Any, fields: Iterable[str], found: Found, place: str = "") -> None:
        for field in fields:
            text = getattr(holder, field)
            if text:
                clean = self._text(text, place or field, found)
                if clean is not text:
                    setattr(holder, field, clean)

    def _attributes(self, attributes: Any, where: str, found: Found, under: str = "") -> None:
        """`under` is a secret's name that all of them stand under."""
        for attribute in attributes:
            key = attribute.key
            hidden, secret = self._keys.get(key) or self._look_at(key)
            clean = self._text(key, f"{where}(key)", found)
            if clean is not key:
                attribute.key = clean
            value = attribute.value
            if value.WhichOneof("value") is None:
                continue
            place = where + clean
            if hidden:
                self._hide(value, place, found)
            else:
                self._value(value, place, found, _last(key) if secret else under)

    def _hide(self, value: Any, place: str, found: Found) -> None:
        """All of a value, because of its name."""
        before = value.string_value
        after = self._redactor.token("field", before or value.SerializeToString(deterministic=True).hex())
        if after != before:
            _count(found, place, before, after)
            value.string_value = after

    def _value(self, value: Any, place: str, found: Found, under: str = "") -> None:
        """Under a secret's name every text is one, however deep, since OpenTelemetry writes headers as lists. No number
        is: what is called `token` may count some.
        """
        kind = value.WhichOneof("value")
        if kind == "string_value":
            text = value.string_value
            clean = self._text_under(under, text, place, found) if under else self._text(text, place, found)
            if clean is not text:
                value.string_value = clean
        elif kind == "bytes_value":
            data = value.bytes_value
            hidden = self._data_under(under, data) if under else self._redactor.data(data)
            if hidden != data:
                _count(found, place, data, hidden)
                value.bytes_value = hidden
        elif kind == "array_value":
            for item in value.array_value.values:
                self._value(item, place, found, under)
        elif kind == "kvlist_value":
            self._attributes(value.kvlist_value.values, f"{place}.", found, under)
        elif kind == "int_value" and abs(value.int_value) >= _LARGE:
            number = str(value.int_value)
            clean = self._text(number, place, found)
            if clean is not number:
                value.string_value = clean

    def _text_under(self, name: str, text: str, place: str, found: Found) -> str:
        clean = self._redactor.named(name, text)
        if clean == text:
            return text
        _count(found, place, text, clean)
        return clean

    def _data_under(self, name: str, data: bytes) -> bytes:
        return self._redactor.named(name, data.decode(errors="surrogateescape")).encode(errors="surrogateescape")

    def _text(self, text: str, place: str, found: Found) -> str:
        clean = self._redaction.text(text)
        if clean is text or clean == text:
            return text
        _count(found, place, text, clean)
        return clean

    def _look_at(self, key: str) -> tuple[bool, bool]:
        """Whether a rule names this key, and whether it is known for secrets."""
        lower = key.lower()
        last = _last(lower)
        named = lower in self._named or last in self._named
        said = (named or bool(self._glob and self._glob.fullmatch(key)), HEADERS.search(last) is not None)
        if len(self._keys) < _MOST_KEYS:
            self._keys[key] = said
        return said


def _count(found: Found, place: str, before: str | bytes, after: str | bytes) -> None:
    found.update({(kind, place): count for kind, count in _kinds(before, after).items()})


def _kinds(before: str | bytes, after: str | bytes) -> Counter[str]:
    old, new = (_tokens(text if isinstance(text, str) else text.decode("latin-1")) for text in (before, after))
    # A rule may also hide what held tokens already: then something was hidden, and it is one.
    return new - old or Counter({"field": 1})


def _tokens(text: str) -> Counter[str]:
    return Counter(token.split(":", 2)[1] for token in TOKEN.findall(text))


def _last(key: str) -> str:
    """`authorization` of `http.request.header.authorization`."""
    return key.rpartition(".")[2]
