"""The public names, pinned: whoever changes one sees it here, and says so in the changelog."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import playhead
import playhead.testing

GOLDEN = Path(__file__).with_name("public.txt")


def shown(name: str, value: Any) -> list[str]:
    """`name(parameters)`, and under a class what it has."""
    if isinstance(value, str):
        return [name]
    if not inspect.isclass(value):
        return [f"{name}{signature(value)}"]
    lines = [f"class {name}({', '.join(base.__name__ for base in value.__bases__)})"]
    if "__init__" in vars(value):
        lines[0] += f" {signature(value)}"
    for inner, member in sorted(vars(value).items()):
        if inner.startswith("_"):
            continue
        if isinstance(member, property):
            lines.append(f"    .{inner}")
        elif inspect.isfunction(member):
            lines.append(f"    .{inner}{signature(member)}")
    return lines


def signature(of: Any) -> str:
    told = str(inspect.signature(of)).replace("'", "")
    return re.sub(r"<built-in function (\w+)>", r"\1", told).replace("(self, ", "(").replace("(self)", "()")


def surface() -> str:
    lines: list[str] = []
    for module in (playhead, playhead.testing):
        for name in sorted(module.__all__):
            lines += shown(f"{module.__name__}.{name}", getattr(module, name))
    return "\n".join(lines) + "\n"


def test_the_public_names_and_their_signatures_are_these() -> None:
    """To accept a change: `python -m tests.sdk.test_public`."""
    assert surface() == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("module", [playhead, playhead.testing])
def test_every_public_name_says_what_it_is_for(module: Any) -> None:
    silent = []
    for name in module.__all__:
        value = getattr(module, name)
        if isinstance(value, str):
            continue
        members = vars(value).items() if inspect.isclass(value) else ()
        told = {f".{inner}": member for inner, member in members if not inner.startswith("_")}
        told = {inner: one for inner, one in told.items() if isinstance(one, property) or inspect.isfunction(one)}
        silent += [f"{name}{inner}" for inner, one in [("", value), *told.items()] if not (one.__doc__ or "").strip()]
    assert silent == []


def test_a_name_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(AttributeError, match=r"playhead has no 'trace'; there are .*agent.*tool"):
        playhead.trace  # noqa: B018


def test_without_init_everything_does_nothing_and_loads_no_journal() -> None:
    program = """
import sys, playhead
@playhead.tool
def look(x: int) -> int: return x
@playhead.agent(name="a", version="1")
def run():
    with (
        playhead.context(session="s", user="u", tags=["t"]),
        playhead.limits(max_steps=1, max_repeats=1, max_seconds=1, max_cost_usd=0.01),
        playhead.step("x") as step, playhead.approval("y") as ask,
    ):
        step.set("a", object()); step.event("b", c=1)
        ask.shown("z"); ask.approve()
        playhead.state("here"); playhead.decision("?", chosen=1); playhead.score("s", 0.5)
        playhead.machine("m", initial="i", transitions={"i": ["j"]}, terminal=["j"]).to("j")
        return playhead.effect("e", lambda: 7) + look(1) + look(1) + look(1)
assert run() == 10
assert playhead.flush() and playhead.shutdown()
heavy = [name for name in sys.modules if name.startswith(("google.protobuf", "playhead.lanes.", "asyncio"))]
light = ("playhead.lanes.active", "playhead.lanes.sink")  # no engine, and the words of records
print(*sorted(name for name in heavy if name not in light))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout.strip()) == (0, "", "")


if __name__ == "__main__":
    GOLDEN.write_text(surface(), encoding="utf-8")
