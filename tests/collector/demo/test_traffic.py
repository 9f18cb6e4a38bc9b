"""The benches' traffic has the size, the shape and the exactness that their figures rest on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from tests.bench.deep import TARGET_BYTES
from tests.bench.traffic import START_NS, Batch, Form, deep, heavy, light
from tests.bench.words import VOCABULARY, vocabulary
from tests.collector.demo.reading import decoded, facts, having, messages, spans_of

FORMS: tuple[Form, ...] = ("compact", "spaced", "escaped", "flattened")


def per_span(batches: list[Batch]) -> float:
    return sum(len(batch.body) for batch in batches) / sum(batch.spans for batch in batches)


def test_light_spans_are_about_a_kilobyte_and_heavy_ones_about_nine() -> None:
    assert 950 <= per_span(list(light(100))) <= 1_010
    assert 8_900 <= per_span(list(heavy(40))) <= 9_300


@pytest.mark.parametrize("load", [light, heavy])
def test_requests_hold_a_hundred_spans_but_for_the_last(load: Callable[[int], Iterator[Batch]]) -> None:
    batches = list(load(21))
    assert [batch.spans for batch in batches[:-1]] == [100] * (len(batches) - 1)
    assert 0 < batches[-1].spans <= 100
    for batch in batches:
        spans = spans_of(decoded(batch.body))
        assert len(spans) == batch.spans
        assert {span.trace_id.hex() for span in spans} == set(batch.run_ids)
    assert len({run_id for batch in batches for run_id in batch.run_ids}) == 21


def test_ids_are_valid_unique_and_make_trees_of_about_twenty_spans() -> None:
    spans = [span for batch in light(50) for span in spans_of(decoded(batch.body))]
    assert all(len(span.trace_id) == 16 and len(span.span_id) == 8 for span in spans)
    by_id = {span.span_id: span for span in spans}
    assert len(by_id) == len(spans)
    for span in spans:
        assert not span.parent_span_id or by_id[span.parent_span_id].trace_id == span.trace_id
    sizes = Counter(span.trace_id for span in spans)
    assert all(18 <= size <= 22 for size in sizes.values())
    assert sum(not span.parent_span_id for span in spans) == 50


def test_times_begin_where_asked_and_runs_follow_each_other() -> None:
    roots = [
        span
        for batch in light(12, start_ns=START_NS, run_every_ns=5_000_000_000)
        for span in spans_of(decoded(batch.body))
        if not span.parent_span_id
    ]
    starts = sorted(span.start_time_unix_nano for span in roots)
    assert starts == [START_NS + number * 5_000_000_000 for number in range(12)]
    assert all(span.start_time_unix_nano < span.end_time_unix_nano < START_NS + 10**12 for span in roots)


def test_a_seed_gives_the_same_bytes_and_another_seed_other_ones() -> None:
    assert list(light(6, 3)) == list(light(6, 3))
    assert list(heavy(6, 3)) == list(heavy(6, 3))
    assert list(light(6, 3)) != list(light(6, 4))
    assert list(deep(2, 5, "escaped", 3)) == list(deep(2, 5, "escaped", 3))


def test_all_json_in_the_attributes_is_json() -> None:
    for batch in [*light(6), *heavy(6)]:
        for span in spans_of(decoded(batch.body)):
            for key, value in facts(span).items():
                if key.endswith((".messages", ".arguments", ".result")):
                    json.loads(value)


def test_a_heavy_prompt_repeats_the_conversation_before_it() -> None:
    runs: dict[bytes, list[object]] = {}
    for batch in heavy(10):
        for span in having(spans_of(decoded(batch.body)), "gen_ai.operation.name", "chat"):
            before, said = runs.get(span.trace_id, []), list(messages(span))
            assert said[: len(before)] == before and len(said) > len(before)
            runs[span.trace_id] = list(said)
    assert len(runs) == 10


def test_text_is_words_some_frequent_and_most_rare() -> None:
    words = vocabulary()
    assert len(set(words)) == len(words) == VOCABULARY
    spoken = Counter(
        word.strip(".").lower()
        for batch in heavy(60)
        for span in having(spans_of(decoded(batch.body)), "gen_ai.operation.name", "invoke_agent")
        for word in messages(span)[0]["parts"][0]["content"].split()
    )
    assert spoken.most_common(1)[0][1] > sum(spoken.values()) * 0.03
    assert sum(count == 1 for count in spoken.values()) > len(spoken) / 2


@pytest.mark.parametrize("form", FORMS)
def test_a_deep_input_grows_to_its_size_one_turn_a_batch(form: Form) -> None:
    told = deep(2, 30, form)
    batches = list(told)
    assert [batch.spans for batch in batches] == [2] * 30
    assert len({batch.run_ids for batch in batches}) == 1
    sizes = [sum(map(len, given.values.values())) for given in told.inputs()]
    assert sizes[::2] == sorted(sizes[::2])
    assert 0.9 * TARGET_BYTES < sizes[-1] < 1.1 * TARGET_BYTES


@pytest.mark.parametrize("form", FORMS)
def test_the_wire_carries_exactly_the_inputs_that_a_bench_is_told_of(form: Form) -> None:
    told = deep(2, 6, form)
    sent = {
        (span.trace_id.hex(), span.span_id.hex()): facts(span)
        for batch in told
        for span in spans_of(decoded(batch.body))
    }
    inputs = list(told.inputs())
    assert len(inputs) == len(sent) == 12
    for given in inputs:
        carried = sent[given.run_id, given.span_id]
        keys = [key for key in carried if key.startswith(("gen_ai.input", "llm.input_messages"))]
        assert keys == list(given.values)
        assert {key: carried[key] for key in keys} == dict(given.values)


@pytest.mark.parametrize("form", FORMS)
def test_the_unique_messages_of_a_deep_run_are_what_its_last_input_is_made_of(form: Form) -> None:
    told = deep(2, 6, form)
    last = {given.run_id: given.values for given in told.inputs()}
    for run in told.runs():
        assert len(run.messages) == len(set(run.messages)) == 12
        assert len(run.outputs) == 6
        values = last[run.run_id]
        if form == "flattened":
            assert "\n".join(values.values()) == "\n".join(run.messages)
            continue
        (text,) = values.values()
        between = "," if form == "compact" else ", "
        assert text == "[" + between.join(run.messages) + "]"


def test_each_form_is_what_a_real_emitter_would_have_written() -> None:
    for form in FORMS[:3]:
        *_, last = deep(1, 4, form).inputs()
        (text,) = last.values.values()
        value = json.loads(text)
        if form == "compact":
            assert text == json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        else:
            assert text == json.dumps(value)


def test_the_escaped_form_holds_every_escape_and_json_inside_of_strings() -> None:
    *_, last = deep(1, 40, "escaped").inputs()
    (text,) = last.values.values()
    for escape in ("\\n", "\\t", '\\"', "\\\\", "\\u00f6", "\\ud83d\\ude00", "\\u0000", '{\\"role\\":'):
        assert escape in text
    assert text.isascii()
    calls = [
        part
        for message in json.loads(text)
        for part in message["parts"]
        if isinstance(part, dict) and part["type"] == "tool_call"
    ]
    assert calls and all(json.loads(call["arguments"])["limit"] for call in calls)
