"""`playhead diff` on what the demo's agent did, recorded by the SDK and read through a collector."""

from __future__ import annotations

from collections.abc import Sequence

from tests.e2e.conftest import Demo


def two(demo: Demo, story: str) -> Sequence[str]:
    return [run for run, told in demo.stories.items() if told == story][:2]


def test_two_refunds_part_where_the_shop_answered_differently(demo: Demo) -> None:
    said = demo.up.playhead("diff", *two(demo, "approval-approved"))
    assert (said.status, said.err) == (1, "")
    assert "the runs were started differently" in said.out
    assert "first divergence: step 7 T refund: asked the same, but result differs" in said.out
    assert "result.refund_id: RF-" in said.out


def test_an_approval_and_a_refusal_part_at_the_person_who_decided(demo: Demo) -> None:
    said = demo.up.playhead("diff", demo.run_of("approval-approved"), demo.run_of("approval-rejected"), "--full")
    assert said.status == 1
    assert "verdict: approved → rejected" in said.out


def test_a_run_is_equal_to_itself(demo: Demo) -> None:
    for story in ("context-blowout", "crash", "hand-off", "exchange"):
        run = demo.run_of(story)
        said = demo.up.playhead("diff", run[:12], run)
        assert (said.status, said.err) == (0, ""), said.out
        assert "equal: " in said.out


def test_scripts_read_the_runs_and_then_each_step_that_differs(demo: Demo) -> None:
    head, *steps = demo.up.playhead("diff", *two(demo, "exchange"), "--json").rows()
    assert head["equal"] is False
    assert head["first_divergence"]["number_a"] == 4
    assert {figure: set(value) for figure, value in head["figures"].items()}["cost"] >= {"a", "b", "delta"}
    assert [step["a"]["kind"] for step in steps if step["verdict"] != "handed on"][:2] == ["agent", "prompt"]
    assert steps[0]["asked"][0]["differences"][0].keys() == {"path", "a", "b"}


def test_groups_are_named_as_runs_are(demo: Demo) -> None:
    said = demo.up.playhead("diff", "--group", "version=1.4.1", "--group", 'version:1.4.2 since:1d "A-10533"')
    assert (said.status, said.err) == (0, ""), "the demo's versions fail by chance alone"
    assert "B version:1.4.2 since:1d" in said.out
    assert "they do not clearly part" in said.out
    said = demo.up.playhead("diff", "--group", "tool:refund", "--group", "tool:track_parcel", "--json")
    (told,) = said.rows()
    assert (said.status, told["equal"], told["groups"]) == (1, False, ["tool:refund", "tool:track_parcel"])
    way = told["common"][told["first_parting"] - 1]
    assert way["kind"] == "prompt"
    page = demo.up.playhead("diff", "--group", "tool:refund", "--group", "tool:track_parcel").out
    assert "(7 T refund | 8 T track_parcel · 9 E GET" in " ".join(page.split())


def test_groups_that_cannot_be_compared_say_why(demo: Demo) -> None:
    for words, why in (
        (["--group", "version:1.4.1"], "name two groups"),
        (["--group", "version:1.4.1", "--group", "verion:1.4.2"], "did you mean version?"),
        (["--group", "version:1.4.1", "--group", "version:9"], "no run matches --group 'version:9'"),
    ):
        said = demo.up.playhead("diff", *words)
        assert (said.status, said.out) == (2, "")
        assert why in said.err


def test_what_cannot_be_compared_says_why(demo: Demo) -> None:
    assert (demo.up.playhead("diff", "last").status, demo.up.playhead("diff", "last", "xyz").status) == (2, 2)
    said = demo.up.playhead("diff", "last", "ffffffffffffffff")
    assert (said.status, said.out) == (2, "")
    assert "no run begins with" in said.err


def test_the_help_says_what_the_exit_status_means(demo: Demo) -> None:
    text = " ".join(demo.up.playhead("diff", "--help").out.split())
    assert "0 where the runs are equal, 1 where they differ, 2 where they cannot be compared" in text
