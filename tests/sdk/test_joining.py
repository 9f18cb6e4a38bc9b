"""An existing OpenTelemetry setup keeps working, and what it makes inside of a run is recorded, too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# A program has one global provider for its life, so each order is a program of its own.
_PROGRAM = """
import json, sys
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import set_tracer_provider as set_provider_of_before
import playhead

exported = InMemorySpanExporter()
how, journal = sys.argv[1], sys.argv[2]
given = {"send": False, "journal": journal, "record": "steps"}

def theirs(**more):
    provider = TracerProvider(**more)
    provider.add_span_processor(SimpleSpanProcessor(exported))
    return provider

if how == "provider, then init":
    trace.set_tracer_provider(theirs())
    playhead.init(**given)
elif how == "init, then provider":
    playhead.init(**given)
    trace.set_tracer_provider(theirs())
elif how == "init, then provider by a name imported before":
    playhead.init(**given)
    set_provider_of_before(theirs())
elif how == "processor":
    provider = theirs()
    provider.add_span_processor(playhead.SpanProcessor(**given))
    trace.set_tracer_provider(provider)
elif how == "processor that takes everything":
    provider = theirs()
    provider.add_span_processor(playhead.SpanProcessor(everything=True, **given))
    trace.set_tracer_provider(provider)
elif how == "processor and init":
    provider = theirs()
    provider.add_span_processor(playhead.SpanProcessor(**given))
    trace.set_tracer_provider(provider)
    playhead.init(**given)
elif how == "init alone":
    playhead.init(**given)
elif how == "init, then a processor of theirs":
    playhead.init(**given)
    trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exported))
elif how == "provider that samples nothing":
    trace.set_tracer_provider(theirs(sampler=ALWAYS_OFF))
    playhead.init(**given)

other = trace.get_tracer("other")

@playhead.tool
def look_up():
    from playhead.recorder.exchanges import ExchangeSteps
    if how == "init, then a processor of theirs":
        url = "https://api.openai.com/v1/chat/completions"
        ExchangeSteps().began("POST", url, (), b'{"model": "gpt-5", "messages": []}').step.end()
    return 1

@playhead.agent
def handle():
    with other.start_as_current_span("inside"):
        return look_up()

with other.start_as_current_span("request"):
    handle()
handle()
print(json.dumps([span.name for span in exported.get_finished_spans()]))
"""
_RUN = ["invoke_agent handle", "inside", "execute_tool look_up"]


def joined(tmp_path: Path, how: str) -> tuple[list[str], list[list[Any]]]:
    """What their exporter got, and the journal's records."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PROGRAM, how, str(tmp_path)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    lines = "".join(path.read_text() for path in tmp_path.glob("*/*.jsonl")).splitlines()
    records = [record for record in map(json.loads, lines) if isinstance(record, list)]
    return json.loads(done.stdout), records


_ORDERS = (
    "provider, then init",
    "init, then provider",
    "init, then provider by a name imported before",
    "processor",
    "processor and init",
)


@pytest.mark.parametrize("how", _ORDERS)
def test_in_either_order_both_get_the_runs_and_only_they_the_rest(tmp_path: Path, how: str) -> None:
    exported, records = joined(tmp_path, how)
    assert sorted(exported) == sorted([*_RUN, *_RUN, "request"])
    assert [record[4] for record in records if record[0] == "s"] == [*_RUN, *_RUN]
    assert len([record for record in records if record[0] == "e"]) == 6


def test_who_listens_to_our_provider_is_told_of_exchanges_too(tmp_path: Path) -> None:
    exported, records = joined(tmp_path, "init, then a processor of theirs")
    assert exported.count("chat gpt-5") == 2
    assert [record[4] for record in records if record[0] == "s"].count("chat gpt-5") == 2


def test_a_processor_may_take_everything(tmp_path: Path) -> None:
    exported, records = joined(tmp_path, "processor that takes everything")
    assert len(exported) == 7
    assert [record[4] for record in records if record[0] == "s"] == ["request", *_RUN, *_RUN]


def test_without_a_provider_playhead_is_its_own(tmp_path: Path) -> None:
    exported, records = joined(tmp_path, "init alone")
    assert exported == []
    assert [record[4] for record in records if record[0] == "s"] == ["request", *_RUN, *_RUN]


def test_a_flight_recorder_does_not_sample(tmp_path: Path) -> None:
    exported, records = joined(tmp_path, "provider that samples nothing")
    assert exported == []
    started = [record[4] for record in records if record[0] == "s"]
    assert [name for name in started if name != "inside"] == [_RUN[0], _RUN[2]] * 2


def test_a_run_within_a_servers_request_is_a_trace_of_its_own_that_links_to_it(tmp_path: Path) -> None:
    _, records = joined(tmp_path, "processor that takes everything")
    request, run, *_ = [record for record in records if record[0] == "s"]
    if run[1] != request[1]:
        assert run[3] is None
        assert [link[:2] for link in run[8]] == [[request[1], request[2]]]
    else:
        assert run[3] == request[2]
