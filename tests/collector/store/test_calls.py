"""Each model call counts once. The rules, one at a time, and what no order of steps may change."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.properties import examples

from playhead_collector.store.calls import judge, uncounted_across_runs
from playhead_collector.store.tellings import Told

MS = 1_000_000


def told(
    step_id: str,
    at: tuple[float, float] = (0, 10),
    *,
    parent: str = "",
    kind: str = "prompt",
    usage: int = 0,
    response: str = "",
    scope: str = "a",
    model: str = "m",
    failed: bool = False,
    answer_log: bool = False,
    content: bool = False,
    tool: str = "",
    run: str = "run",
    lone: bool = False,
) -> Told:
    return Told(
        run_id=run,
        step_id=step_id,
        parent_id=parent,
        kind=kind,
        response_id=response,
        start_ns=int(at[0] * MS),
        end_ns=int(at[1] * MS),
        usage=usage,
        has_content=content,
        failed=failed,
        is_answer_log=answer_log,
        scope=scope,
        model=model,
        tool=tool,
        lone=lone,
    )


def uncounted(*steps: Told) -> set[str]:
    return {key.removeprefix("run") for key in judge(steps).uncounted}


def test_calls_one_after_the_other_all_count() -> None:
    assert uncounted(told("a", (0, 10), usage=1), told("b", (20, 30), usage=1)) == set()


def test_calls_side_by_side_of_one_emitter_all_count() -> None:
    assert uncounted(told("a", (0, 10)), told("b", (1, 9)), told("c", (2, 8), usage=1)) == set()


def test_a_wrapper_does_not_count() -> None:
    assert uncounted(told("wrapper", (0, 10), usage=9), told("inner", (1, 9), parent="wrapper", usage=9)) == {"wrapper"}


def test_a_wrapper_counts_where_it_alone_knows_the_usage() -> None:
    assert uncounted(told("wrapper", (0, 10), usage=9), told("inner", (1, 9), parent="wrapper")) == {"inner"}


def test_of_a_wrapper_and_its_inside_the_one_that_knows_more_counts() -> None:
    steps = (told("wrapper", (0, 10), usage=44), told("inner", (1, 9), parent="wrapper", usage=18))
    assert uncounted(*steps) == {"inner"}


def test_a_wrapper_is_seen_through_steps_of_other_kinds() -> None:
    steps = (
        told("wrapper", (0, 10)),
        told("chain", (1, 9), parent="wrapper", kind="other"),
        told("agent", (1, 9), parent="chain", kind="agent"),
        told("inner", (2, 8), parent="agent", usage=1),
    )
    assert uncounted(*steps) == {"wrapper"}


def test_all_that_a_wrapper_wraps_counts() -> None:
    inner = [told(f"inner{at}", (at, at + 1), parent="wrapper", usage=1) for at in (1, 3, 5)]
    assert uncounted(told("wrapper", (0, 10), usage=9), *inner) == {"wrapper"}


def test_a_wrapper_that_alone_knows_the_usage_of_several_gives_the_tokens_and_they_the_count() -> None:
    steps = [
        told("outermost", (0, 10), usage=9),
        told("wrapper", (0, 10), parent="outermost", usage=9),
        told("a", (1, 4), parent="wrapper"),
        told("b", (5, 9), parent="wrapper"),
    ]
    verdict = judge(steps)
    assert verdict.uncounted == {"runoutermost", "runwrapper"}
    assert verdict.usage_only == {"runwrapper"}
    assert verdict.covered == {"runa", "runb"}


def test_tries_inside_one_prompt_each_count_as_the_calls_that_they_are() -> None:
    tries = [told(f"try{at}", (at, at + 1), parent="wrapper", failed=True) for at in (1, 3)]
    assert uncounted(told("wrapper", (0, 10), failed=True), *tries) == {"wrapper"}


def test_equal_response_ids_at_one_time_are_one_call_wherever_they_stand() -> None:
    steps = (
        told("theirs", (0, 10), parent="x", response="r", usage=9),
        told("own", (1, 9), parent="y", response="r", usage=9, scope="b"),
    )
    assert uncounted(*steps) == {"theirs"}


def test_equal_response_ids_at_other_times_are_several_calls() -> None:
    assert uncounted(told("a", (0, 10), response="r"), told("b", (20, 30), response="r")) == set()


def test_other_response_ids_are_other_calls_even_of_two_emitters_at_one_time() -> None:
    assert uncounted(told("a", (0, 10), response="r"), told("b", (1, 9), response="s", scope="b")) == set()


def test_siblings_of_two_emitters_are_one_call_though_only_one_names_its_response() -> None:
    assert uncounted(told("theirs", (0, 10), usage=9), told("own", (1, 9), response="r", usage=9, scope="b")) == {
        "theirs"
    }


def test_each_sibling_has_one_twin() -> None:
    steps = [
        told("a", (0, 10), usage=1),
        told("own_a", (1, 9), scope="b", usage=1),
        told("b", (0.5, 20), usage=1),
        told("own_b", (1.5, 19), scope="b", usage=1),
    ]
    assert uncounted(*steps) == {"a", "b"}


def test_siblings_of_other_models_are_other_calls() -> None:
    assert uncounted(told("a", (0, 10), model="m"), told("b", (1, 9), model="n", scope="b")) == set()


def test_the_telling_of_a_failure_counts_before_one_that_knows_of_none() -> None:
    assert uncounted(told("a", (0, 10), failed=True), told("b", (1, 9), parent="a")) == {"b"}


def test_a_logged_answer_takes_the_place_of_its_request() -> None:
    steps = (
        told("request", (0, 2), parent="root"),
        told("answer", (9, 9), parent="root", answer_log=True, usage=18),
    )
    assert uncounted(*steps) == {"request"}


def test_each_logged_answer_has_one_request() -> None:
    steps = (
        told("request1", (0, 2), parent="root"),
        told("request2", (1, 3), parent="root"),
        told("answer1", (9, 9), parent="root", answer_log=True, usage=18),
        told("answer2", (10, 10), parent="root", answer_log=True, usage=18),
        told("answer3", (11, 11), parent="root", answer_log=True, usage=18),
    )
    assert uncounted(*steps) == {"request1", "request2"}


def test_a_request_its_provider_span_and_its_logged_answer_are_one_call() -> None:
    steps = (
        told("request", (0, 2), parent="root"),
        told("own", (1, 8), parent="request", response="r", usage=36, scope="b"),
        told("answer", (9, 9), parent="root", answer_log=True, usage=36),
    )
    assert uncounted(*steps) == {"request", "answer"}


def test_embeddings_are_judged_apart_from_prompts() -> None:
    steps = (
        told("prompt", (0, 10), usage=1),
        told("outer", (1, 9), parent="prompt", kind="retrieval", usage=1),
        told("inner", (2, 8), parent="outer", kind="retrieval", usage=1),
    )
    assert uncounted(*steps) == {"outer"}


def test_a_tool_within_itself_is_one_execution_unless_an_agent_is_between() -> None:
    outer = told("outer", (0, 10), kind="tool", tool="t", content=True)
    server = told("server", (1, 9), parent="outer", kind="other")
    inner = told("inner", (2, 8), parent="server", kind="tool", tool="t")
    assert uncounted(outer, server, inner) == {"inner"}
    assert uncounted(outer, replace(server, kind="agent"), inner) == set()
    assert uncounted(outer, server, replace(inner, tool="other")) == set()


def test_parents_that_form_a_circle_hang_nothing_and_count_once() -> None:
    steps = (
        told("a", (0, 10), parent="c", usage=1),
        told("b", (1, 9), parent="a", usage=1),
        told("c", (2, 8), parent="b", usage=1),
    )
    assert len(uncounted(*steps)) == 2
    assert uncounted(told("self", parent="self", usage=1), told("other", (20, 30))) == set()


def test_a_nest_of_ten_thousand_is_one_call() -> None:
    steps = [told(f"{at}", (at, 100_000 - at), parent=f"{at - 1}") for at in range(10_000)]
    assert len(judge(steps).uncounted) == 9_999


def test_ten_thousand_siblings_of_two_emitters_are_half_as_many_calls() -> None:
    steps = [
        told(f"{scope}{at}", (at + inset, at + 0.9 - inset), parent="root", scope=scope, failed=True)
        for at in range(0, 50_000, 10)
        for scope, inset in (("a", 0), ("b", 0.1))
    ]
    assert len(judge(steps).uncounted) == 5_000


def test_thousands_of_calls_at_once_that_two_emitters_tell_of_are_half_as_many_calls() -> None:
    # All begin together, as tasks that are gathered do, and end one after the other.
    steps = [
        told(f"{scope}{at}", (inset, 100 + at - inset), parent="root", scope=scope)
        for at in range(2_000)
        for scope, inset in (("a", 0), ("b", 0.1))
    ]
    assert len(judge(steps).uncounted) == 2_000


def test_calls_at_once_that_three_emitters_tell_of_are_a_third_as_many() -> None:
    steps = [
        told(f"{scope}{at}", (at + inset, 500 + 10 * at - inset), parent="root", scope=scope)
        for at in range(0, 300, 3)
        for scope, inset in (("a", 0), ("b", 0.1), ("c", 0.2))
    ]
    assert len(judge(steps).uncounted) == 200


def test_thousands_of_calls_at_once_each_by_a_name_of_its_own_all_count() -> None:
    steps = [told(f"{at}", (at / 10_000, 100 - at / 10_000), parent="root", scope=f"s{at}") for at in range(4_000)]
    assert uncounted(*steps) == set()


def test_across_runs_the_lone_telling_gives_way_to_the_one_within_an_agent() -> None:
    within = told("within", (0, 10), run="agent", response="r", usage=1)
    lone = told("lone", (1, 9), run="lone", response="r", usage=1, lone=True)
    assert uncounted_across_runs([lone, within]) == {lone.key}


def test_across_runs_a_telling_without_usage_gives_way() -> None:
    within = told("within", (0, 10), run="agent", response="r")
    lone = told("lone", (1, 9), run="lone", response="r", usage=1, lone=True)
    assert uncounted_across_runs([within, lone]) == {within.key}


def test_across_runs_two_agents_with_one_id_both_count() -> None:
    steps = [told("a", run="one", response="r"), told("b", run="two", response="r")]
    assert uncounted_across_runs(steps) == set()


def test_across_services_equal_ids_are_other_calls() -> None:
    steps = [
        replace(told("a", run="one", response="r", lone=True), service="one"),
        replace(told("b", run="two", response="r", lone=True), service="two"),
    ]
    assert uncounted_across_runs(steps) == set()


ids = st.integers(0, 12).map(str)
steps_of_a_run = st.lists(
    st.builds(
        told,
        ids,
        st.tuples(st.integers(0, 20), st.integers(0, 40)),
        parent=ids | st.just(""),
        kind=st.sampled_from(["prompt", "retrieval", "tool", "agent", "other"]),
        usage=st.sampled_from([0, 18, 36]),
        response=st.sampled_from(["", "", "r", "s"]),
        scope=st.sampled_from(["a", "b"]),
        model=st.sampled_from(["m", "n"]),
        failed=st.booleans(),
        answer_log=st.booleans(),
        content=st.booleans(),
        tool=st.sampled_from(["t", "u"]),
        run=st.sampled_from(["run", "other"]),
        lone=st.booleans(),
    ),
    max_size=16,
    unique_by=lambda step: step.key,
)


def test_content_is_no_reason_to_count_a_failed_telling_that_knows_no_usage() -> None:
    steps = (
        told("wrapper", (0, 10), failed=True, content=True),
        told("inner", (1, 9), parent="wrapper", usage=1, failed=True),
    )
    assert uncounted(*steps) == {"wrapper"}


@examples(60, 1000)
@given(steps_of_a_run, st.randoms(use_true_random=False))
def test_the_order_of_steps_never_changes_the_verdict(steps: list[Told], order: random.Random) -> None:
    shuffled = list(steps)
    order.shuffle(shuffled)
    assert judge(shuffled) == judge(steps)
    assert uncounted_across_runs(shuffled) == uncounted_across_runs(steps)


@examples(60, 1000)
@given(steps_of_a_run)
def test_where_anything_was_called_something_counts(steps: list[Told]) -> None:
    verdict = judge(steps)
    assert verdict.uncounted <= {step.key for step in steps}
    assert verdict.usage_only <= verdict.uncounted
    assert not verdict.covered & verdict.uncounted
    for run in ("run", "other"):
        for kind in ("prompt", "retrieval", "tool"):
            keys = {step.key for step in steps if (step.run_id, step.kind) == (run, kind)}
            assert not keys or keys - verdict.uncounted


@examples(50, 1000)
@given(steps_of_a_run)
def test_a_telling_of_known_usage_is_never_lost_to_one_that_knows_nothing(steps: list[Told]) -> None:
    verdict = judge(steps)
    known = {step.key for step in steps if step.kind == "prompt" and step.usage}
    assert not known or known - (verdict.uncounted - verdict.usage_only)
