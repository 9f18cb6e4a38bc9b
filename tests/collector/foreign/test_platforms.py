"""Exports of other platforms read as what they are: steps, messages, calls, tokens, cost, scores, sessions, users."""

from __future__ import annotations

import csv
import importlib
import json
import tracemalloc
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from pyarrow import parquet
from tests.collector.database import StoreDatabase
from tests.collector.dialects.outline import outline
from tests.collector.dialects.spans import Emitter
from tests.collector.foreign.samples import (
    langfuse_tables,
    langfuse_trace,
    langsmith_runs,
    phoenix_api,
    phoenix_frame,
)

from playhead_collector.errors import BadRequest
from playhead_collector.foreign.requests import is_foreign, requests_in_foreign
from playhead_collector.foreign.rows import rows_of
from playhead_collector.read.feedback import feedback_of
from playhead_collector.read.run import read_run

arrow: Any = importlib.import_module("pyarrow")


def spans_in(file: Path, unfit: Counter[str] | None = None) -> list[Span]:
    assert is_foreign(file)
    return [
        span
        for _, body, _ in requests_in_foreign(file, Counter() if unfit is None else unfit)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def lines(folder: Path, rows: Iterable[Any], name: str = "export.jsonl") -> Path:
    file = folder / name
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def read(database: StoreDatabase, source: str, spans: list[Span]) -> str:
    """What the run did; what was said of it is beside it."""
    did = [span for span in spans if not span.name.startswith("score ")]
    told = outline(database, Emitter(f"playhead.import.{source}", spans=did))
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.extend(
        span for span in spans if span.name.startswith("score ")
    )
    database.insert(request)
    return told


def said(database: StoreDatabase, spans: list[Span]) -> list[tuple[str, bool, str]]:
    (run_id,) = {span.trace_id.hex() for span in spans}
    return [(one.words, bool(one.of), one.via) for one in feedback_of(read_run(database.client, run_id).nodes)]


def test_a_trace_of_langfuse_with_its_observations_and_scores(database: StoreDatabase, tmp_path: Path) -> None:
    spans = spans_in(lines(tmp_path, [langfuse_trace()], "trace.json"))
    assert (
        read(database, "langfuse", spans)
        == """\
agent support | user: Where is order A-1? => It is on its way.
  prompt* gpt-4o-mini 42>17 cached=12 | user: Where is order A-1? => call get_order {"order": "A-1"} #call_1
  tool get_order | {"order": "A-1"} => {"status": "sent"}
  prompt* gpt-4o-mini 60>0 error
  other
= ok agent=support session=s-1 user=user-7 calls=2 tools=1 102>17 cached=12 cost=0.000409"""
    )
    assert said(database, spans) == [
        ("tone bad (by EVAL)", True, "langfuse"),
        ("helpful 0.4: asked twice (by ANNOTATION)", False, "langfuse"),
    ]


@pytest.mark.parametrize("scores", ["in the trace", "beside it"])
def test_what_langfuses_user_interface_downloads_is_what_its_api_gives(tmp_path: Path, scores: str) -> None:
    """One version writes the trace beside its observations, another observations and scores alone."""
    whole = langfuse_trace()
    trace = {name: value for name, value in whole.items() if name != "observations"}
    document = {"trace": trace, "observations": whole["observations"]}
    if scores == "beside it":
        document["scores"] = trace.pop("scores")
    by_api = {span.span_id: span for span in spans_in(lines(tmp_path, [whole], "api.json"))}
    assert {span.span_id: span for span in spans_in(lines(tmp_path, [document], "ui.json"))} == by_api


def test_of_a_document_with_several_lists_none_is_left_out_silently(tmp_path: Path) -> None:
    whole, unfit = langfuse_trace(), Counter[str]()
    document = {name: whole[name] for name in ("observations", "scores")} | {
        "comments": [{"id": "c"}],
        "meta": {"page": 1},
    }
    for score in document["scores"]:
        score.setdefault("traceId", "trace-1")
    found = [span.name for span in spans_in(lines(tmp_path, [document], "ui.json"), unfit)]
    assert len([name for name in found if name.startswith("score ")]) == len(whole["scores"]) > 0
    assert len(found) == len(whole["observations"]) + len(whole["scores"])
    assert unfit == {"list of 1 under 'comments', of which it is not known what it is": 1}


def test_a_long_run_in_one_record_becomes_requests_that_a_collector_takes(tmp_path: Path) -> None:
    whole = langfuse_trace()
    model = next(one for one in whole["observations"] if one["type"] == "GENERATION")
    whole["observations"] += [{**model, "id": f"more-{n}", "input": f"{n} " + "x" * 500_000} for n in range(40)]
    file = lines(tmp_path, [whole], "long.json")
    sizes = [len(body) for _, body, _ in requests_in_foreign(file, Counter())]
    assert len(sizes) > 4 and max(sizes) < 5_000_000
    assert len(spans_in(file)) == len(whole["observations"]) + len(whole["scores"])


def test_the_tables_of_langfuses_blob_storage(database: StoreDatabase, tmp_path: Path) -> None:
    unfit: Counter[str] = Counter()
    spans = spans_in(lines(tmp_path, langfuse_tables()), unfit)
    assert (
        read(database, "langfuse", spans)
        == """\
other
  prompt* gpt-4o-mini 42>17 | user: Where is order A-1? => Sent.
= ok session=s-2 user=user-8 calls=1 42>17 cost=1e-05"""
    )
    assert said(database, spans) == [("resolved 1 (by API)", False, "langfuse")]
    assert unfit == {"langfuse: score of a session, which is no run": 1}


def test_runs_of_langsmith(database: StoreDatabase, tmp_path: Path) -> None:
    unfit: Counter[str] = Counter()
    spans = spans_in(lines(tmp_path, langsmith_runs()), unfit)
    assert (
        read(database, "langsmith", spans)
        == """\
other | user: Where is order A-1? => Sent.
  prompt* gpt-4o-mini 42>17 cached=12 | user: Where is order A-1? => call get_order {"order": "A-1"} #call_1
  tool get_order error | {"order": "A-1"} => ?
= ok agent=support session=s-3 user=user-9 calls=1 tools=1 42>17 cached=12 cost=2e-05"""
    )
    assert said(database, spans) == [("helpful 0.5: the average of 2", True, "langsmith")]
    assert unfit == {"langsmith: feedback of which the file has no average": 1}


def test_spans_of_phoenix(database: StoreDatabase, tmp_path: Path) -> None:
    spans = spans_in(lines(tmp_path, [phoenix_api()], "spans.json"))
    assert (
        read(database, "phoenix", spans)
        == """\
agent | user: Where is order A-1? => Sent.
  prompt* gpt-4o-mini 42>17 | user: Where is order A-1? => call get_order {"order": "A-1"}
  tool get_order error | {"order": "A-1"} => ?
= ok session=s-4 user=user-4 calls=1 tools=1 42>17 cost=1.65e-05"""
    )
    assert said(database, spans) == [("correct 0: wrong: another order (by HUMAN)", True, "phoenix")]


def test_the_same_in_parquet_csv_an_array_and_a_document_are_the_same_steps(tmp_path: Path) -> None:
    by_lines = spans_in(lines(tmp_path, langsmith_runs()))
    array, answer, table = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "c.csv"
    array.write_text(json.dumps(langsmith_runs(), indent=2), encoding="utf-8")
    answer.write_text(json.dumps({"runs": langsmith_runs(), "cursors": {}}), encoding="utf-8")
    rows = [
        {key: json.dumps(v) if isinstance(v, (dict, list)) else v for key, v in row.items()} for row in langsmith_runs()
    ]
    with table.open("w", newline="", encoding="utf-8") as data:
        writer = csv.DictWriter(data, sorted({key for row in rows for key in row}))
        writer.writeheader()
        writer.writerows(rows)
    for file in (array, answer, table):
        assert {span.span_id: span.name for span in spans_in(file)} == {span.span_id: span.name for span in by_lines}
        assert [s.start_time_unix_nano for s in spans_in(file)] == [s.start_time_unix_nano for s in by_lines]
    frame = tmp_path / "d.parquet"
    frames = phoenix_frame()
    columns = dict.fromkeys(key for row in frames for key in row)
    times = {"start_time", "end_time"}
    typed = arrow.Table.from_pylist(
        [{key: datetime.fromisoformat(row[key]) if key in times else row.get(key) for key in columns} for row in frames]
    )
    parquet.write_table(typed, frame)  # type: ignore[no-untyped-call]
    by_rows, by_table = spans_in(lines(tmp_path, phoenix_frame(), "d.jsonl")), spans_in(frame)
    assert [(s.span_id, s.start_time_unix_nano, s.end_time_unix_nano) for s in by_table] == [
        (s.span_id, s.start_time_unix_nano, s.end_time_unix_nano) for s in by_rows
    ]
    assert [{a.key for a in s.attributes} for s in by_table] == [{a.key for a in s.attributes} for s in by_rows]


def test_what_does_not_fit_is_counted_by_reason_and_the_rest_is_taken(tmp_path: Path) -> None:
    unfit: Counter[str] = Counter()
    good, *_ = langsmith_runs()
    rows = [
        good,
        {**good, "id": "x", "start_time": "teatime"},
        {**good, "id": "y", "start_time": None},
        {"run_type": "llm", "id": "z", "parent_run_id": "w", "start_time": "2026-09-21T14:13:20"},
        {"annotation_name": "correct", "span_id": "00000000000000b1", "score": 1},
        {"traceId": "t", "name": "thumb", "dataType": "NUMERIC", "value": None, "timestamp": "2026-09-21T14:13:20Z"},
        {"something": "else"},
    ]
    spans = spans_in(lines(tmp_path, rows), unfit)
    assert [span.name for span in spans] == ["support", "score helpful"]
    assert unfit == {
        "langsmith: has a time that is none": 1, "langsmith: has no time at which it began": 1,
        "langsmith: run beneath another, without trace_id and dotted_order": 1,
        "phoenix: annotation that names its span and not its trace": 1, "langfuse: score without a value": 1,
        "record of no platform that is known": 1, "langsmith: feedback of which the file has no average": 1,
    }  # fmt: skip


def test_whatever_a_field_holds_its_record_is_taken_or_counted_and_the_next_ones_are_taken(tmp_path: Path) -> None:
    records = [
        langfuse_trace(), *langfuse_tables(), *langsmith_runs(), *phoenix_frame(), phoenix_api()["data"][0]
    ]  # fmt: skip
    rows = [
        changed(record, place, json.loads(json.dumps(odd)))
        for record in records
        for place in places(record)
        for odd in ODD
    ]
    rows.append(changed(langsmith_runs()[0], ("inputs", "deep"), json.loads("[" * 900 + "]" * 900)))
    unfit: Counter[str] = Counter()
    file = lines(tmp_path, (part for row in rows for part in (row, langsmith_runs()[0])))
    taken = spans_in(file, unfit)
    assert sum(span.name == "support" for span in taken) >= len(rows)
    assert len(taken) + unfit.total() >= 2 * len(rows)


ODD: tuple[Any, ...] = (
    None, "", True, 0, -1, 10**30, float("inf"), float("nan"), [], {}, [1, "a", None], {"a": {"b": [1]}}, "\ud800",
    {"\ud800": "\udfff"}, "0" * 32, "2024-13-45", "0001-01-01T00:00:00+14:00", "1e999", "{bad", [[["a"]]],
    10**400, -(10**400), '{"a":' * 5000 + "1" + "}" * 5000, "[" * 5000 + "]" * 5000,
)  # fmt: skip


def places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, one in inner for place in ((*above, key), *places(one, (*above, key)))]


def changed(record: Any, place: tuple[Any, ...], to: Any) -> Any:
    copy = json.loads(json.dumps(record))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = to
    return copy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[{"run_type": "llm"', "about byte"),
        ('[{"run_type": 1},', "cut short"),
        ('{"run_type": 1} nonsense', "about byte 16"),
        ('[{"run_type": ' + "[" * 100_000, "recursion depth"),
        ('{"trace_id": 1, "colour": 2}', "the first has trace_id, colour"),
    ],
)
def test_a_file_that_is_something_else_is_said_to_be_so(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "odd.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadRequest, match=words):
        list(requests_in_foreign(file, Counter()))


def test_what_is_no_record_is_counted_and_all_else_of_the_file_is_taken(tmp_path: Path) -> None:
    runs = langsmith_runs()
    unfit: Counter[str] = Counter()
    whole = spans_in(lines(tmp_path, runs), unfit)
    odds: list[list[Any]] = [[5, *runs], [*runs[:1], "a", None, *runs[1:]]]
    for number, odd in enumerate(odds):
        counted: Counter[str] = Counter()
        assert spans_in(lines(tmp_path, odd, f"{number}.jsonl"), counted) == whole
        assert counted == unfit + Counter({"record that is no JSON object": len(odd) - len(runs)})


def test_what_comes_before_a_place_that_cannot_be_read_is_given_first(tmp_path: Path) -> None:
    file = lines(tmp_path, langsmith_runs()[:2])
    whole = [body for _, body, _ in requests_in_foreign(file, Counter())]
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(langsmith_runs()[2])[:100])
    given: list[bytes] = []
    with pytest.raises(BadRequest, match="about byte"):
        for _, body, _ in requests_in_foreign(file, Counter()):
            given.append(body)
    assert given == whole


def test_an_array_is_read_element_by_element_however_long_it_is(tmp_path: Path) -> None:
    file, count = tmp_path / "long.json", 12_000
    with file.open("w", encoding="utf-8") as out:
        out.write("[")
        for number in range(count):
            out.write(("," if number else "") + json.dumps({"id": number, "text": "ä" * 500, "n": [number]}))
        out.write("]")
    tracemalloc.start()
    try:
        seen = [row["id"] for row, _ in rows_of(file)]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen == list(range(count))
    assert file.stat().st_size > 12_000_000 and peak < 12_000_000
