"""The demo's agent at work, against its own provider: every story that its letters begin can be seen in its spans."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from tests.sdk.collector import FakeCollector, attributes, collecting

from playhead.cli import main
from playhead.journal.recording import merged
from playhead_collector.demo.shift import shift
from playhead_collector.demo.tickets import LETTERS

Runs = dict[str, list[Span]]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeCollector]:
    journal = tmp_path_factory.mktemp("journal")
    with collecting() as collector:
        shift(collector.url, journal)
        assert main(["ship", "--journal", str(journal), "--endpoint", collector.url]) == 0
        yield collector


@pytest.fixture(scope="module")
def runs(sent: FakeCollector) -> list[list[Span]]:
    """Each with its steps in their order. A step that ended came open before, and counts once."""
    found: dict[bytes, dict[bytes, Span]] = defaultdict(dict)
    for span in sent.spans:
        known = found[span.trace_id].get(span.span_id)
        if known is None or span.end_time_unix_nano:
            found[span.trace_id][span.span_id] = span
    return [sorted(one.values(), key=lambda span: int(attributes(span)["playhead.sequence"])) for one in found.values()]


def told(runs: list[list[Span]], story: str, version: str = "") -> list[list[Span]]:
    sessions = {letter.session for letter in LETTERS if letter.story == story and letter.version.startswith(version)}
    return [run for run in runs if attributes(run[-1]).get("session.id") in sessions]


def of_kind(run: list[Span], kind: str) -> list[dict[str, Any]]:
    return [attributes(span) for span in run if attributes(span)["playhead.kind"] == kind]


def test_each_letter_is_one_run_and_nothing_is_missing_in_it(runs: list[list[Span]]) -> None:
    assert len(runs) == len(LETTERS)
    for run in runs:
        assert [attributes(span)["playhead.sequence"] for span in run] == list(range(len(run)))
        if run[0].end_time_unix_nano:
            assert attributes(run[0])["playhead.run.steps"] == len(run)


def test_every_kind_of_step_is_there(runs: list[list[Span]]) -> None:
    kinds = {attributes(span)["playhead.kind"] for run in runs for span in run}
    assert kinds == {"agent", "prompt", "tool", "state", "decision", "approval", "retrieval", "effect", "score"}


def test_answers_are_never_the_same(runs: list[list[Span]]) -> None:
    ids = [
        prompt["gen_ai.response.id"]
        for run in runs
        for prompt in of_kind(run, "prompt")
        if "gen_ai.response.id" in prompt
    ]
    assert len(ids) > 100 and len(set(ids)) == len(ids)


def test_both_dialects_are_spoken_and_the_usual_one_is_streamed(runs: list[list[Span]]) -> None:
    prompts = [prompt for run in runs for prompt in of_kind(run, "prompt")]
    assert {prompt["gen_ai.provider.name"] for prompt in prompts} == {"openai", "anthropic"}
    assert sum("gen_ai.response.time_to_first_chunk" in prompt for prompt in prompts) > len(prompts) / 2


def test_the_new_version_loops_where_the_old_one_paid_and_its_own_limit_stops_it(runs: list[list[Span]]) -> None:
    (loop,) = told(runs, "refund-loop")
    assert [tool["gen_ai.tool.name"] for tool in of_kind(loop, "tool")] == ["get_order", "refund", "refund", "refund"]
    assert attributes(loop[0])["playhead.limit"] == "max_repeats"
    assert loop[0].status.code == Status.STATUS_CODE_ERROR
    good = [run for run in told(runs, "refund", "1.4.1") if "A-10588" in str(attributes(run[0])["input.value"])]
    assert [tool["gen_ai.tool.name"] for tool in of_kind(good[0], "tool")] == ["get_order", "refund"]


def test_a_person_decides_and_the_waiting_is_a_state(runs: list[list[Span]]) -> None:
    for story, verdict in (("approval-approved", "approved"), ("approval-rejected", "rejected")):
        for run in told(runs, story):
            (approval,) = of_kind(run, "approval")
            assert approval["playhead.approval.verdict"] == verdict
            assert approval["playhead.approval.waited_s"] > 0
            states = [state["playhead.transition.to"] for state in of_kind(run, "state")]
            assert states == ["working", "waiting for approval", "working", "answered"]


def test_a_result_that_breaks_its_contract_is_seen_and_the_run_goes_on(runs: list[list[Span]]) -> None:
    (run,) = told(runs, "malformed-result")
    (broken,) = [tool for tool in of_kind(run, "tool") if "playhead.contract.violation" in tool]
    assert broken["gen_ai.tool.name"] == "track_parcel"
    assert "expected" in broken["playhead.contract.violation"]
    assert run[0].status.code == Status.STATUS_CODE_OK
    others = [tool for one in runs if one is not run for tool in of_kind(one, "tool")]
    assert [tool for tool in others if "playhead.contract.violation" in tool] == []


def test_a_silent_failure_is_green_and_its_answer_false(runs: list[list[Span]]) -> None:
    (run,) = told(runs, "silent-failure", "1.4.2")
    assert {span.status.code for span in run} <= {Status.STATUS_CODE_UNSET, Status.STATUS_CODE_OK}
    cancelled = of_kind(run, "tool")[-1]
    assert json.loads(cancelled["gen_ai.tool.call.result"])["ok"] is False
    assert "All done" in str(attributes(run[0])["output.value"])


def test_a_context_grows_until_its_model_refuses_and_the_agent_admits_it(runs: list[list[Span]]) -> None:
    (run,) = told(runs, "context-blowout")
    sizes = [
        prompt["gen_ai.usage.input_tokens"]
        for prompt in of_kind(run, "prompt")
        if "gen_ai.usage.input_tokens" in prompt
    ]
    assert max(sizes) > 15_000
    (refused,) = [prompt for prompt in of_kind(run, "prompt") if "error.type" in prompt]
    assert refused["gen_ai.request.model"] == "gpt-3.5-turbo"
    assert run[0].status.code == Status.STATUS_CODE_OK


def test_a_busy_provider_and_a_lost_connection_are_tried_again(runs: list[list[Span]]) -> None:
    (busy,), (lost,) = told(runs, "rate-limited"), told(runs, "hang-up")
    assert [prompt.get("error.type") for prompt in of_kind(busy, "prompt")][:3] == ["rate_limit_exceeded"] * 2 + [None]
    assert "error.type" in of_kind(lost, "prompt")[0]
    assert {run[0].status.code for run in (busy, lost)} == {Status.STATUS_CODE_OK}


def test_a_crash_leaves_a_run_that_is_cut_and_whole_up_to_there(runs: list[list[Span]]) -> None:
    (run,) = told(runs, "crash")
    cut = [span for span in run if not span.end_time_unix_nano]
    assert [attributes(span)["playhead.kind"] for span in cut] == ["agent", "tool"]
    assert attributes(cut[-1])["gen_ai.tool.name"] == "print_label"
    assert all(span.end_time_unix_nano for one in runs if one is not run for span in one)


def test_runs_of_one_session_carry_its_conversation(runs: list[list[Span]]) -> None:
    first, _, third = sorted(told(runs, "lost-parcel"), key=lambda run: run[0].start_time_unix_nano)
    assert "Where is my backpack?" in of_kind(third, "prompt")[0]["gen_ai.input.messages"]
    assert "Any news?" not in of_kind(first, "prompt")[0]["gen_ai.input.messages"]


def test_the_agents_own_http_calls_are_effects_of_the_tool_that_made_them(runs: list[list[Span]]) -> None:
    (run,) = told(runs, "tool-down")
    by_id = {span.span_id: span for span in run}
    (carrier,) = [span for span in run if attributes(span)["playhead.kind"] == "effect"]
    assert attributes(by_id[carrier.parent_span_id])["gen_ai.tool.name"] == "track_parcel"
    assert carrier.status.code == Status.STATUS_CODE_ERROR


def test_what_its_code_reads_of_the_world_is_recorded(sent: FakeCollector) -> None:
    processes: dict[str, list[bytes]] = defaultdict(list)
    for one in sent.recordings:
        named = {pair.key: pair.value.string_value for pair in one.attributes}
        processes[named["playhead.process"]].append(one.body.bytes_value)
    assert len(processes) == 2
    for pieces in processes.values():
        records = list(merged(pieces))
        assert {record[3] for record in records if record[0] == "f"} >= {"environment", "random", "os.urandom"}
        assert {record[3] for record in records if record[0] == "b"} >= {"http"}


def test_the_source_is_short_enough_to_copy() -> None:
    source = Path(shift.__code__.co_filename).with_name("agent.py").read_text(encoding="utf-8")
    assert source.count("\n") < 200
