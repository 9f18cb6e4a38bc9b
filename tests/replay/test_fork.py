"""`playhead fork`: a recorded run up to a step, and from there another way; a run of its own, naming its parent."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.replay.agents import Ran, environment_of, playhead
from tests.replay.models import DESK, FIRST, TEN, Model, model

from playhead.cli import main
from playhead_replay.recording.find import from_file

KEY = "sk-proj-" + "a1B2c3D4" * 5
BLUE = 'tool.result={"sky": "blue"}'


@dataclass(frozen=True, slots=True)
class Desk:
    """A recorded run, and the model that is still there."""

    folder: Path
    model: Model
    recorded: Ran
    more: dict[str, str]

    def play(self, *words: str, **more: str) -> Ran:
        return playhead(self.folder, *words, **{**self.more, **more})

    def fork(self, name: str, at: str, *words: str, of: str = "run", **more: str) -> Ran:
        return self.play("fork", f"{of}.playhead", "--at", at, *words, "-o", f"{name}.playhead", **more)

    def replay(self, name: str) -> Ran:
        """With the model's address gone wrong: nothing of it may be asked."""
        return self.play("replay", f"{name}.playhead", MODEL="http://127.0.0.1:9")


def recorded(folder: Path, program: str, there: Model, **more: str) -> Desk:
    (folder / "agent.py").write_text(program)
    known = {"MODEL": there.url, "OPENAI_API_KEY": KEY, **more}
    done = playhead(folder, "record", "-q", "-o", "run.playhead", "--", sys.executable, "agent.py", **known)
    assert done.code == 0, done.err
    return Desk(folder, there, done, known)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with model() as there:
        yield recorded(tmp_path_factory.mktemp("desk"), DESK, there)


def test_without_a_change_a_fork_is_the_recorded_run_under_an_id_of_its_own_and_asks_nobody(desk: Desk) -> None:
    before = len(desk.model.asked)
    forked = desk.fork("same", "weather")
    assert (forked.code, forked.out) == (0, desk.recorded.out), forked.err
    assert len(desk.model.asked) == before
    parent, fork = from_file(desk.folder / "run.playhead"), from_file(desk.folder / "same.playhead")
    assert fork.run != parent.run
    assert fork.root is not None
    assert (fork.root.attributes["playhead.fork.of"], fork.root.attributes["playhead.fork.at"]) == (parent.run, 4)
    assert [step.own_name for step in fork.steps] == [step.own_name for step in parent.steps]


def test_another_result_of_a_tool_goes_on_live_with_the_real_key_and_replays_alone(desk: Desk) -> None:
    before = len(desk.model.asked)
    forked = desk.fork("blue", "weather", "--set", BLUE, "--live", "--yes")
    assert forked.code == 0, forked.err
    prompt, letter = desk.model.asked[before:]
    assert "It is blue in" in prompt["body"]["messages"][1]["content"]
    assert prompt["key"] == f"Bearer {KEY}"
    assert forked.out == f"sent {letter['body']['words']}\n"
    assert KEY not in (desk.folder / "blue.playhead").read_text()
    again = desk.replay("blue")
    assert (again.code, again.out) == (0, forked.out), again.err


def test_without_live_it_ends_where_the_recording_has_no_answer_and_is_recorded_as_such(desk: Desk) -> None:
    before = len(desk.model.asked)
    forked = desk.fork("offline", "weather", "--set", BLUE)
    assert (forked.code, forked.out) == (1, "")
    assert "needs --live from step 5: POST" in forked.err
    assert len(desk.model.asked) == before
    fork = from_file(desk.folder / "offline.playhead")
    assert fork.root is not None
    assert "needs --live" in fork.root.attributes["playhead.fork.ended"]
    again = desk.replay("offline")
    assert again.code == 0
    assert "identical up to where it was cut: 5 steps" in again.err


def test_another_system_prompt_and_model_hold_for_all_later_prompts_and_replay(desk: Desk) -> None:
    before = len(desk.model.prompts)
    words = ("--set", "prompt.system=You are long.", "--model", "gpt-4o", "--live", "--yes")
    forked = desk.fork("long", "3", *words)
    assert forked.code == 0, forked.err
    asked = desk.model.prompts[before:]
    assert [(one["model"], one["messages"][0]["content"]) for one in asked] == [("gpt-4o", "You are long.")] * 2
    assert desk.model.prompts[0]["messages"][0]["content"] == FIRST
    again = desk.replay("long")
    assert (again.code, again.out) == (0, forked.out), again.err


def test_another_answer_of_the_model_is_what_the_agent_goes_on_with(desk: Desk) -> None:
    before = len(desk.model.prompts)
    forked = desk.fork("bergen", "3", "--set", "prompt.answer=Bergen", "--live", "--yes")
    assert forked.code == 0, forked.err
    (asked,) = desk.model.prompts[before:]
    assert asked["messages"][1]["content"].endswith(" in Bergen")
    assert desk.replay("bergen").code == 0


def test_other_arguments_of_a_tool_are_what_it_is_called_with_and_what_its_step_says(desk: Desk) -> None:
    before = len(desk.model.asked)
    forked = desk.fork("rome", "weather", "--set", 'tool.arguments={"city": "Rome"}', "--live", "--yes")
    assert forked.code == 0, forked.err
    assert desk.model.asked[before]["path"] == "/weather/Rome"
    step = next(one for one in from_file(desk.folder / "rome.playhead").steps if one.own_name == "weather")
    assert '"Rome"' in step.attributes["gen_ai.tool.call.arguments"]
    assert desk.replay("rome").code == 0


def test_a_fork_is_forked_again_with_the_change_that_it_began_with(desk: Desk) -> None:
    assert desk.fork("one", "weather", "--set", BLUE, "--live", "--yes").code == 0
    before = len(desk.model.prompts)
    words = ("--set", "prompt.system=You rhyme.", "--live", "--yes")
    forked = desk.fork("two", "5", *words, of="one")
    assert forked.code == 0, forked.err
    (asked,) = desk.model.prompts[before:]
    assert [one["content"].split(" in ")[0] for one in asked["messages"]] == ["You rhyme.", "It is blue"]
    one, two = (from_file(desk.folder / f"{name}.playhead") for name in ("one", "two"))
    assert two.root is not None
    assert two.root.attributes["playhead.fork.of"] == one.run
    again = desk.replay("two")
    assert (again.code, again.out) == (0, forked.out), again.err


def test_where_nobody_can_be_asked_a_tool_with_side_effects_is_not_called(desk: Desk) -> None:
    before = len(desk.model.letters)
    forked = desk.fork("unasked", "weather", "--set", BLUE, "--live")
    assert forked.code == 1
    assert "send changes the world, and there is no terminal to ask at; --yes" in forked.err
    assert len(desk.model.letters) == before


@pytest.mark.parametrize(("answer", "letters", "status"), [("y", 1, 0), ("n", 0, 1)])
def test_at_a_terminal_a_tool_with_side_effects_is_asked_for(
    desk: Desk, answer: str, letters: int, status: int
) -> None:
    before = len(desk.model.letters)
    words = ["fork", "run.playhead", "--at", "weather", "--set", BLUE, "--live", "-o", f"asked-{answer}.playhead"]
    code, said = at_a_terminal(desk, words, answer)
    assert code == status, said
    assert "changes the world. Call it? [y/n/all]" in said
    assert len(desk.model.letters) - before == letters


def test_a_fork_that_has_spent_its_limit_ends_with_that_as_its_reason_also_in_its_replay(desk: Desk) -> None:
    before = len(desk.model.letters)
    words = ("--set", BLUE, "--live", "--yes", "--max-cost-usd", "0.0005")
    forked = desk.fork("spent", "weather", *words)
    assert forked.code == 3
    assert "LimitExceeded: the fork spent $0.0008 of $0.0005 before 'execute_tool send'" in forked.err
    assert len(desk.model.letters) == before
    again = desk.replay("spent")
    assert again.code == 3, again.err
    assert "identical" in again.err


@pytest.mark.parametrize(
    ("at", "words", "said"),
    [
        ("99", (), "there is no step 99"),
        ("refund", (), "'refund' comes 0 times"),
        ("weather", ("--set", "prompt.answer=x"), "it is no prompt, but tool"),
        ("3", ("--set", "tool.result=x"), "it is no tool, but prompt"),
        ("3", ("--set", "prompt.system=x"), "add --live"),
        ("3", ("--set", "tool=x"), "what can be set"),
        ("weather", ("--set", "tool.arguments=Rome"), "takes JSON"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_runs(
    desk: Desk, capsys: pytest.CaptureFixture[str], at: str, words: tuple[str, ...], said: str
) -> None:
    before = len(desk.model.asked)
    assert main(["fork", str(desk.folder / "run.playhead"), "--at", at, *words]) == 2
    assert said in capsys.readouterr().err
    assert len(desk.model.asked) == before


def test_a_key_that_the_recording_does_not_hold_is_asked_for_before_anything_runs(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert main(["fork", str(desk.folder / "run.playhead"), "--at", "weather", "--live", "--yes"]) == 2
    assert "tokens in place of OPENAI_API_KEY" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["tasks", "threads"])
def test_ten_at_once_forked_in_the_middle_change_in_one_place_and_nowhere_else(tmp_path: Path, how: str) -> None:
    with model() as there:
        ten = recorded(tmp_path, TEN, there, HOW=how)
        before = len(there.asked)
        forked = ten.fork("fork", "weather#5", "--set", BLUE, "--live")
        assert forked.code == 0, forked.err
        (asked,) = there.asked[before:]
        assert asked["body"]["messages"][0]["content"].endswith(": blue")
        was, now = ten.recorded.out.splitlines(), forked.out.splitlines()
        assert sum(one != other for one, other in zip(was, now, strict=True)) == 1
        assert now[-1] == "clocks go on: True"
        again = ten.replay("fork")
        assert (again.code, again.out) == (0, forked.out), again.err


def at_a_terminal(desk: Desk, words: list[str], answer: str) -> tuple[int, str]:
    """Answers the first question that is asked there."""
    ours, theirs = pty.openpty()
    environment = environment_of(desk.folder, **desk.more)
    process = subprocess.Popen(
        [sys.executable, "-m", "playhead", *words], cwd=desk.folder, env=environment, stdin=theirs, stdout=theirs,
        stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    with suppress(OSError):  # the terminal's last writer is gone
        while part := os.read(ours, 4096):
            said += part
            if said.endswith(b"[y/n/all] "):
                os.write(ours, answer.encode() + b"\n")
    os.close(ours)
    return process.wait(120), said.decode()
