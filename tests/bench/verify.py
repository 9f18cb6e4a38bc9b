"""Whether what is stored is what was sent. Where it is not, no figure counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.bench.deep import Deep
from tests.bench.sender import read_bodies
from tests.bench.subject import Subject

from playhead_collector.read.spans import spans_of

_SAMPLE_RUNS = 400


class Wrong(Exception):
    """What is stored is not what was sent."""


def each_once(subject: Subject, spans: int) -> None:
    steps = subject.count("SELECT count() FROM steps")
    of_runs = subject.count("SELECT sum(steps) FROM runs")
    if steps != spans or of_runs != spans:
        raise Wrong(f"{spans} spans were sent; there are {steps} steps, and runs that count {of_runs}")


def equal_in_every_field(subject: Subject, file: Path) -> None:
    """All spans of some runs, spread over all that was sent."""
    sent_in = {span.trace_id.hex() for body in read_bodies(file) for span in _spans(body)}
    # Run ids are random, so the first of them in order are a fair sample.
    wanted: dict[str, dict[bytes, bytes]] = {run_id: {} for run_id in sorted(sent_in)[:_SAMPLE_RUNS]}
    for body in read_bodies(file):
        for span in _spans(body):
            if (run_id := span.trace_id.hex()) in wanted:
                wanted[run_id][span.span_id] = span.SerializeToString(deterministic=True)
    for stored in spans_of(subject.client, list(wanted)):
        sent = wanted[stored.run_id].pop(stored.span.span_id, None)
        if stored.span.SerializeToString(deterministic=True) != sent:
            raise Wrong(f"step {stored.span.span_id.hex()} of run {stored.run_id} is not stored as it was sent")
    if any(wanted.values()):
        raise Wrong("a step is missing from its run")


def deep_inputs(subject: Subject, told: Deep) -> None:
    """Every input, byte for byte, run by run."""
    for run in told.runs():
        wanted = {given.span_id: given.values for given in told.inputs_of(run.run_id)}
        for stored in spans_of(subject.client, [run.run_id]):
            values = wanted.pop(stored.span.span_id.hex())
            there = [(one.key, one.value.string_value) for one in stored.span.attributes if one.key in values]
            if there != list(values.items()):
                raise Wrong(f"the input of step {stored.span.span_id.hex()} of run {run.run_id} is not as it was sent")
        if wanted:
            raise Wrong(f"{len(wanted)} steps of run {run.run_id} are missing")


def _spans(body: bytes) -> Iterator[Span]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            yield from scope.spans
