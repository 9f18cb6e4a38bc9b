"""What a step's own code said of it, in a few words: what was decided, who approved, what broke its contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from playhead_collector.read.value import as_text, decoded
from playhead_collector.read.words import duration
from playhead_collector.redact.said import KINDS, PLACES, counts_of

_OURS = ("playhead.", "gen_ai.evaluation.")


@dataclass(frozen=True, slots=True)
class Note:
    text: str
    grave: bool = False
    """Whether a reader should not overlook it."""


def notes_on(span: Span) -> list[Note]:
    said = {
        pair.key: pair.value for pair in span.attributes if pair.key.startswith(("playhead.", "gen_ai.evaluation."))
    }
    return [
        *_decision(said),
        *_approval(said),
        *_score(said),
        *_transition(said),
        *_violations(span),
        *_redaction(said),
    ]


def _decision(said: dict[str, AnyValue]) -> Iterator[Note]:
    chosen = _text(said, "playhead.decision.chosen")
    if chosen:
        others = [one for one in _texts(said, "playhead.decision.options") if one != chosen]
        of = f", not {' or '.join(others)}" if others else ""
        reason = _text(said, "playhead.decision.reason")
        yield Note(f"{chosen}{of}{': ' + reason if reason else ''}")


def _approval(said: dict[str, AnyValue]) -> Iterator[Note]:
    proposed = _text(said, "playhead.approval.proposed")
    if proposed:
        yield Note(f"proposed: {as_text(decoded(proposed))}")
    shown, to = _text(said, "playhead.approval.shown"), _text(said, "playhead.approval.shown_to")
    if shown:
        what = "as proposed" if shown == proposed else as_text(decoded(shown))
        yield Note(f"shown{' to ' + to if to else ''}: {what}")
    verdict = _text(said, "playhead.approval.verdict")
    if verdict:
        by, comment = _text(said, "playhead.approval.by"), _text(said, "playhead.approval.comment")
        waited = _number(said, "playhead.approval.waited_s")
        words = "nobody decided" if verdict == "none" else verdict
        after = f" after {duration(waited)}" if waited is not None else ""
        yield Note(
            f"{words}{' by ' + by if by else ''}{after}{': ' + comment if comment else ''}", verdict != "approved"
        )


def _score(said: dict[str, AnyValue]) -> Iterator[Note]:
    label, value = _text(said, "gen_ai.evaluation.score.label"), _number(said, "gen_ai.evaluation.score.value")
    told = label or (f"{value:g}" if value is not None else _text(said, "gen_ai.evaluation.score.value"))
    comment, by = _text(said, "gen_ai.evaluation.explanation"), _text(said, "playhead.score.by")
    if told or comment:
        # Each once: to who reads figures all of them are the same words.
        yield Note(": ".join(dict.fromkeys(filter(None, (" ".join(filter(None, (told, by and f"by {by}"))), comment)))))


def _transition(said: dict[str, AnyValue]) -> Iterator[Note]:
    illegal = _text(said, "playhead.transition.illegal")
    if illegal:
        yield Note(f"illegal: {illegal}", grave=True)


def _violations(span: Span) -> Iterator[Note]:
    for event in span.events:
        if event.name == "playhead.contract.violation":
            told = {pair.key: pair.value for pair in event.attributes}
            yield Note(f"broke its contract: {_text(told, 'what')}", grave=True)


def _redaction(said: dict[str, AnyValue]) -> Iterator[Note]:
    kinds, places = counts_of(_text(said, KINDS)), counts_of(_text(said, PLACES))
    if kinds:
        named, where = (", ".join(f"{one} ×{n}" for one, n in sorted(counts.items())) for counts in (kinds, places))
        yield Note(f"redacted before it was kept: {named}; in {where}")


def _text(said: dict[str, AnyValue], key: str) -> str:
    return _shown(said[key].string_value) if key in said else ""


def _number(said: dict[str, AnyValue], key: str) -> float | None:
    """None where it is a text: to who reads figures no number of an attribute is told."""
    value = said.get(key)
    kind = value.WhichOneof("value") if value is not None else None
    return float(getattr(value, kind)) if kind in ("int_value", "double_value") else None


def _texts(said: dict[str, AnyValue], key: str) -> list[str]:
    return [_shown(one.string_value) for one in said[key].array_value.values] if key in said else []


def _shown(text: str) -> str:
    """A text that was written as JSON, without its quotes."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text
