"""`POST /v1/scores`: what somebody says of runs from outside of them, as the spans that are kept.

    {"run_id": "0af7…", "step_id": "00f0…", "name": "helpful", "value": 0.8, "comment": "…", "by": "ann", "key": "…"}
    {"run_id": "0af7…", "label": "refund-bug"}        {"run_id": "0af7…", "note": "asked Ann about it"}
    {"scores": [{…}, {…}]}

Whether there is such a run is not looked up: the store may be away, and the run's own steps may still be on their way.
What is wrong is named with its place, and then nothing of the body is taken.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import time_ns
from typing import Annotated

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StrictBool,
    StringConstraints,
    ValidationError,
    model_validator,
)

from playhead.feedback import LABEL, NOTE, Feedback, is_run_id, is_step_id
from playhead_collector.errors import BadRequest, TooLarge

SCORES = "/v1/scores"
MOST_SCORES = 1000
LONGEST_NAME = 200
LONGEST_COMMENT = 10_000
_MOST_NAMED = 5
_AHEAD = timedelta(days=1)
_VALUES = f"write true or false, a finite number, or a text of 1 to {LONGEST_NAME} characters"

_Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, strip_whitespace=True)]
_Text = Annotated[str, StringConstraints(max_length=LONGEST_COMMENT)]


class _Score(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    run_id: Annotated[str, StringConstraints(to_lower=True)]
    step_id: Annotated[str, StringConstraints(to_lower=True)] = ""
    name: _Name | None = None
    value: StrictBool | FiniteFloat | _Name | None = None
    comment: _Text = ""
    label: _Name | None = None
    note: Annotated[_Text, StringConstraints(min_length=1)] | None = None
    by: Annotated[str, StringConstraints(max_length=LONGEST_NAME)] = ""
    via: Annotated[str, StringConstraints(pattern="^(http|cli|terminal)$")] = "http"
    key: Annotated[str, StringConstraints(max_length=LONGEST_NAME)] = ""
    at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> _Score:
        if not is_run_id(self.run_id):
            raise ValueError("run_id is no run's id: it has 32 hex digits; 'playhead runs --json' shows it")
        if self.step_id and not is_step_id(self.step_id):
            raise ValueError("step_id is no step's id: it has 16 hex digits")
        said = [self.name is not None, self.label is not None, self.note is not None]
        if sum(said) != 1:
            raise ValueError("says none, or several, of name (with a value), label and note: write one of them")
        if self.name is not None and self.value is None and not self.comment:
            raise ValueError("has a name and neither value nor comment: write how it was")
        if self.name is None and (self.value is not None or (self.note is not None and self.comment)):
            raise ValueError(
                "a label or a note has no value, and a note no comment beside itself: write a name for a score"
            )
        if self.at is not None and not datetime(2000, 1, 1, tzinfo=UTC) <= self.at <= datetime.now(UTC) + _AHEAD:
            raise ValueError("at is no time at which it was said: between 2000 and now")
        return self

    def feedback(self) -> Feedback:
        value = float(self.value) if isinstance(self.value, bool) else self.value
        name, comment = self.name or "", self.comment
        if self.label is not None:
            name, value = LABEL, self.label
        elif self.note is not None:
            name, comment = NOTE, self.note
        return Feedback(self.run_id, name, value, self.step_id, comment, self.by, self.via, self.key)


class _Scores(BaseModel):
    model_config = ConfigDict(extra="forbid")

    scores: Annotated[list[_Score], Field(min_length=1, max_length=MOST_SCORES)]


@dataclass(frozen=True, slots=True)
class Said:
    """A body that was understood: the request to keep, and the answer to give once it is kept."""

    request: bytes
    answer: bytes


def said_in(body: bytes) -> Said:
    """Raises BadRequest or TooLarge, with the place of what is wrong."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is no JSON: {error}") from None
    several = isinstance(given, dict) and "scores" in given
    if several and isinstance(given["scores"], list) and len(given["scores"]) > MOST_SCORES:
        raise TooLarge(f"these are {len(given['scores'])} scores and may be {MOST_SCORES}; send them in parts")
    try:
        scores = _Scores.model_validate(given if several else {"scores": [given]}).scores
    except ValidationError as error:
        raise BadRequest(_wrong(error, several=several)) from None
    now = time_ns()
    said = [(one.feedback(), now if one.at is None else round(one.at.timestamp() * 1e6) * 1000) for one in scores]
    answer = {"accepted": len(said), "step_ids": [one.step_id for one, _ in said]}
    return Said(request_of(said).SerializeToString(), json.dumps(answer).encode())


def request_of(said: Iterable[tuple[Feedback, int]]) -> ExportTraceServiceRequest:
    """The spans of what was said, each with its moment (ns)."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add(scope={"name": "playhead.feedback"}).spans
    spans.extend(span_of(one, at_ns) for one, at_ns in said)
    return request


def span_of(one: Feedback, at_ns: int) -> Span:
    """The step that tells of what was said."""
    span = Span(
        trace_id=bytes.fromhex(one.run),
        span_id=bytes.fromhex(one.step_id),
        parent_span_id=bytes.fromhex(one.step),
        name=_sendable(one.title),
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=at_ns,
        end_time_unix_nano=at_ns,
    )
    for key, value in one.attributes().items():
        attribute = span.attributes.add(key=key)
        if isinstance(value, str):
            attribute.value.string_value = _sendable(value)
        else:
            attribute.value.double_value = value
    return span


def _sendable(text: str) -> str:
    """Protobuf takes no lone surrogates, and JSON may hold them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _wrong(error: ValidationError, *, several: bool) -> str:
    """Each with its place, in words, and never with what was sent: that may be large."""
    told: list[str] = []
    for one in error.errors(include_input=False, include_url=False, include_context=False):
        # What comes after a field's name is which of its types it was tried as.
        _, *inner = one["loc"]
        place = [f"scores[{inner[0]}]"] if several and inner else []
        where = ".".join([*place, *map(str, inner[1:2])])
        # Of a value there is an error for each type that it could have had, and none of them is the rule.
        words = _VALUES if inner[1:2] == ["value"] else one["msg"].removeprefix("Value error, ")
        told.append(f"{where}: {words}" if where else words)
    return "nothing was taken: " + "; ".join(list(dict.fromkeys(told))[:_MOST_NAMED])
