"""What is worked out from a run's steps: lanes, the critical path, sums along the way, and changes of context."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from tests.collector.read.rows import run_of, step

from playhead_collector.read.context import changes, prompt_before
from playhead_collector.read.conversation import Conversation, Message, Part
from playhead_collector.read.run import Step
from playhead_collector.read.so_far import Meter
from playhead_collector.read.timeline import timeline_of


def test_steps_that_overlap_are_in_lanes_and_what_is_within_another_stays_in_its_lane() -> None:
    timeline = timeline_of(
        run_of(
            (0, step(0, (0, 10))),
            (1, step(1, (1, 4))),
            (2, step(2, (2, 3))),
            (1, step(3, (2, 5))),
            (2, step(4, (2.5, 4.5))),
            (1, step(5, (4, 6))),
            (1, step(6, (6, 9))),
        )
    )
    assert timeline.lanes == [0, 0, 0, 1, 1, 0, 0]
    assert timeline.lane_count == 2


def test_what_follows_at_once_does_not_overlap_however_its_times_are_rounded() -> None:
    steps = [(1, step(number, (number * 0.1, (number + 1) * 0.1 + 1e-9))) for number in range(1, 200)]
    timeline = timeline_of(run_of((0, step(0, (0, 21))), *steps))
    assert timeline.lane_count == 1 and len(timeline.critical) == 200


def test_the_critical_path_goes_back_from_the_end_through_what_ended_last() -> None:
    timeline = timeline_of(
        run_of(
            (0, step(0, (0, 10))),
            (1, step(1, (0, 3))),
            (1, step(2, (3, 9))),
            (2, step(3, (3, 5))),
            (2, step(4, (3, 8.5))),
            (1, step(5, (4, 7))),
        )
    )
    assert timeline.critical == {0, 1, 2, 4}
    assert timeline.critical_seconds == pytest.approx(3 + 5.5)


def test_an_open_step_goes_on_to_the_last_that_is_known() -> None:
    timeline = timeline_of(run_of((0, step(0, (0, None))), (1, step(1, (1, 4))), (1, step(2, (2, None)))))
    assert timeline.ends == [4, 4, 4] and timeline.seconds == 4


def test_in_no_lane_two_steps_overlap_unless_one_is_within_the_other() -> None:
    rng = Random("lanes")
    for _ in range(50):
        nodes: list[tuple[int, Step]] = []
        for number in range(60):
            depth = 0 if not nodes else rng.randint(0, nodes[-1][0] + 1)
            start = rng.uniform(0, 100)
            nodes.append((depth, step(number, (start, start + rng.uniform(0, 20)))))
        timeline = timeline_of(run_of(*nodes))
        for place in range(60):
            for other in range(place):
                apart = timeline.ends[place] <= timeline.starts[other] or timeline.ends[other] <= timeline.starts[place]
                within = all(nodes[between][0] > nodes[other][0] for between in range(other + 1, place + 1))
                assert apart or within or timeline.lanes[place] != timeline.lanes[other]


def test_ten_thousand_steps_one_in_the_other_are_no_recursion() -> None:
    timeline = timeline_of(run_of(*((place, step(place, (place / 1e4, 2 - place / 1e4))) for place in range(10_000))))
    assert timeline.lane_count == 1 and len(timeline.critical) == 10_000


def test_what_was_used_so_far_counts_each_call_once_and_unknown_is_not_zero() -> None:
    def call(number: int, at: float, **figures: object) -> tuple[int, Step]:
        return 1, step(number, (at, at + 1), kind="prompt", **{"counted": True, "input_tokens": 100, **figures})

    run = run_of(
        (0, step(0, (0, 10))),
        call(1, 1, output_tokens=10, cost_usd=0.5),
        call(2, 3, counted=False, input_tokens=999),
        call(3, 5, input_tokens=None),
        call(4, 7, output_tokens=20, cost_usd=0.25, input_tokens=2000, model="nobody-knows"),
    )
    told = [Meter(run).at(node.step) for node in run.nodes]
    assert [(one.tokens, one.cost_usd, one.unpriced) for one in told] == [
        (None, None, 0), (110, 0.5, 0), (110, 0.5, 0), (110, 0.5, 1), (2130, 0.75, 1),
    ]  # fmt: skip
    assert [one.seconds for one in told] == [0, 1, 3, 5, 7]
    assert [one.context_tokens for one in told] == [None, 100, 999, 999, 2000]
    assert told[1].context_window == 128_000 and told[4].context_window is None


def message(role: str, text: str) -> Message:
    return Message(role, (Part("text", text),))


LONG = "an instruction that is long enough to be known again by how it begins, and then goes on and on"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([], [("user", "hi")], [("added", "user")]),
        ([("user", "hi")], [("user", "hi")], []),
        (
            [("user", "hi")], [("user", "hi"), ("assistant", "yes"), ("tool", "ok")],
            [("added", "assistant"), ("added", "tool")],
        ),
        (
            [("system", "be kind"), ("user", "hi")], [("user", "hi"), ("user", "so")],
            [("dropped", "system"), ("added", "user")],
        ),
        ([("system", LONG), ("user", "hi")], [("system", LONG[:60]), ("user", "hi")], [("cut", "system")]),
        ([("system", LONG)], [("user", LONG[:60])], [("dropped", "system"), ("added", "user")]),
    ],
)  # fmt: skip
def test_changes_of_a_context_are_what_was_added_dropped_or_cut_short(
    before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]], told: list[tuple[str, str]]
) -> None:
    old, new = (Conversation(input=tuple(message(*one) for one in many)) for many in (before, after))
    assert [(change.kind, change.message.role) for change in changes(old, new, 100, 200)] == told


def test_tokens_of_a_change_are_a_share_of_the_prompts_own_or_unknown() -> None:
    old = Conversation(system="x" * 30, input=(message("user", "y" * 70),))
    new = Conversation(input=(message("user", "y" * 70), message("user", "z" * 30)))
    assert [change.tokens for change in changes(old, new, 100, 200)] == [30, 60]
    assert [change.tokens for change in changes(old, new, None, None)] == [None, None]


def test_the_prompt_before_is_the_latest_of_the_same_conversation() -> None:
    run = run_of(
        (0, step(0, (0, 9))),
        (1, step(1, (1, 2), kind="prompt", parent_id="0")),
        (1, step(2, (2, 5), parent_id="0")),
        (2, step(3, (3, 4), kind="prompt", parent_id="2")),
        (1, step(4, (5, 6), kind="prompt", parent_id="0")),
    )
    assert [prompt_before(run.nodes, place) for place in (1, 3, 4)] == [None, None, 1]
