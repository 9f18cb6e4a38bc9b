"""An erasure reaches what the store had refused: bodies in quarantine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.message import Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.collector.dialects.spans import log, logs, span, traces

from playhead_collector.spool import quarantine


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "default" / "quarantine").mkdir(parents=True)
    yield tmp_path


def keep(folder: Path, name: str, body: Message | bytes, reason: str = "because of the text") -> Path:
    path = folder / "default" / "quarantine" / f"{name}.otlp"
    path.write_bytes(body if isinstance(body, bytes) else body.SerializeToString())
    path.with_suffix(".reason").write_text(reason)
    return path


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "default" / "quarantine").iterdir())


def test_a_refused_body_of_an_erased_run_goes_with_its_reason(folder: Path) -> None:
    one = span()
    keep(folder, "a-1-x-traces-0", traces(one))
    keep(folder, "b-2-x-logs-0", logs(log(one, "said")))
    assert quarantine.purge(folder, "default", {one.trace_id.hex()}, "") == 2
    assert files(folder) == []


def test_of_a_refused_body_what_is_of_other_runs_stays(folder: Path) -> None:
    theirs, others = span("theirs"), span("others")
    path = keep(folder, "a-1-x-traces-0", traces(theirs, others), "cannot parse 'theirs'")
    assert quarantine.purge(folder, "default", {theirs.trace_id.hex()}, "") == 1
    assert ExportTraceServiceRequest.FromString(path.read_bytes()) == traces(others)
    assert "theirs" not in path.with_suffix(".reason").read_text()
    assert files(folder) == ["a-1-x-traces-0.otlp", "a-1-x-traces-0.reason"]


def test_a_person_is_found_in_any_attribute_and_the_whole_run_goes(folder: Path) -> None:
    named = span("named", {"some.user": "ada"})
    same_run = span("quiet", parent=named)
    in_event = span("event", events=[("said", {"by": "ada"})])
    other = span("other", {"some.user": "adam"})
    keep(folder, "a-1-x-traces-0", traces(named, other))
    keep(folder, "a-2-x-traces-0", traces(same_run, in_event))
    runs = quarantine.runs_naming(folder, "default", "ada")
    assert runs == {named.trace_id.hex(), in_event.trace_id.hex()}
    assert quarantine.purge(folder, "default", runs, "ada") == 3
    assert files(folder) == ["a-1-x-traces-0.otlp", "a-1-x-traces-0.reason"]


def test_what_cannot_be_read_goes_whole_where_it_mentions_the_erased(folder: Path) -> None:
    run = bytes(range(16))
    keep(folder, "a-1-x-traces-0", b"\xff\xff ada")
    keep(folder, "a-2-x-traces-0", b"\xff\xff" + run)
    keep(folder, "a-3-x-traces-0", b"\xff\xff nobody")
    assert quarantine.purge(folder, "default", {run.hex()}, "ada") == 2
    assert files(folder) == ["a-3-x-traces-0.otlp", "a-3-x-traces-0.reason"]


def test_a_project_without_refused_bodies_has_nothing_to_erase(tmp_path: Path) -> None:
    assert quarantine.runs_naming(tmp_path, "none", "ada") == frozenset()
    assert quarantine.purge(tmp_path, "none", {"0" * 32}, "ada") == 0
