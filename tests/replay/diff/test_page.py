"""What `playhead diff` prints, whole, as an engineer reads it. `GOLDEN=write pytest tests/replay/diff/test_page.py`
writes the pages anew, to be read before they are committed.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from rich.console import Console
from tests.collector.database import StoreDatabase
from tests.replay.diff.told import Shelf, Told

from playhead_replay.commands.diff_groups_page import show_groups
from playhead_replay.commands.diff_page import show_runs
from playhead_replay.diff.group import Member, diff_groups
from playhead_replay.diff.way import way_of

GOLDEN = Path(__file__).parent / "golden"
SYSTEM = (
    "You are the support agent of a shop. Be brief and kind. A customer may return what was bought within {days} days "
    "of its delivery, and gets the money back. Above 200 EUR a person decides."
)
ASKED = "The lamp from A-1093 arrived broken. I want my money back."
HOSTILE = "\x1b[31mred\x1b[0m [bold]markup[/bold] \u202eright to left\u202c \x00 end"


def refunded(number: int = 0xD1) -> Told:
    told = Told(number, version="1.4.1", asked=ASKED)
    told.prompt(("system", SYSTEM.format(days=30)), ("user", ASKED), calls=[("get_order", {"id": "A-1093"})])
    told.tool("get_order", {"id": "A-1093"}, {"id": "A-1093", "cents": 4900, "days": 21})
    told.prompt(calls=[("refund", {"id": "A-1093", "cents": 4900})], tokens=(300, 20))
    told.tool("refund", {"id": "A-1093", "cents": 4900}, {"refund_id": "r_81", "status": "done"})
    told.state("case", "done")
    told.prompt(answer="I am sorry about that. The money is on its way.", tokens=(400, 30))
    return told


def refused(number: int = 0xD2) -> Told:
    told = Told(number, version="1.4.2", asked=ASKED)
    told.prompt(("system", SYSTEM.format(days=14)), ("user", ASKED), calls=[("get_order", {"id": "A-1093"})])
    told.tool("get_order", {"id": "A-1093"}, {"id": "A-1093", "cents": 4900, "days": 21})
    told.prompt(calls=[("refund", {"id": "A-1093", "cents": 4900})], tokens=(300, 20), ms=2000)
    told.tool("refund", {"id": "A-1093", "cents": 4900}, error="PaymentError: window closed")
    for _ in range(2):
        told.prompt(calls=[("refund", {"id": "A-1093", "cents": 4900})], tokens=(420, 20))
        told.tool("refund", {"id": "A-1093", "cents": 4900}, error="PaymentError: window closed")
    told.state("case", "failed")
    told.prompt(answer="I am sorry about that. I could not refund it.", tokens=None)
    return told


def cut() -> Told:
    told = Told(0xD3, version="1.4.2", asked=ASKED)
    told.prompt(("system", SYSTEM.format(days=30)), ("user", ASKED), calls=[("get_order", {"id": "A-1093"})])
    told.tool("get_order", {"id": "A-1093"}, is_open=True)
    told.spans[0].end_time_unix_nano = 0
    return told


def hostile(number: int = 0xD4) -> Told:
    told = Told(number, agent=HOSTILE, version=HOSTILE, asked=HOSTILE)
    told.prompt(("user", HOSTILE), answer=HOSTILE, captured=True)
    told.tool(HOSTILE, {HOSTILE: HOSTILE}, HOSTILE, error=HOSTILE)
    return told


# Good runs, and runs of which most went wrong, one of them with a name from hell.
GROUPS = (
    [refunded(0) for _ in range(9)],
    [*(refused(0) for _ in range(8)), *(refunded(0) for _ in range(2)), hostile(0)],
)
A, B, CUT, HOSTILE_RUN = refunded(), refused(), cut(), hostile()


@pytest.fixture(scope="module")
def shelf(runs: StoreDatabase) -> Iterator[Shelf]:
    yield Shelf(runs, (A, B, CUT, HOSTILE_RUN, *chain(*GROUPS)))


@pytest.mark.parametrize(
    ("name", "pair", "flags"),
    [
        ("refund", (A, B), ""),
        ("refund-turned-around", (B, A), ""),
        ("refund-full", (A, B), "full"),
        ("refund-words", (A, B), "words"),
        ("equal", (A, A), ""),
        ("cut", (A, CUT), ""),
        ("hostile", (A, HOSTILE_RUN), ""),
    ],
)
def test_the_page_is_as_it_was_read_and_approved(shelf: Shelf, name: str, pair: tuple[Told, Told], flags: str) -> None:
    text = page(shelf, pair, flags)
    approve(name, text)


def approve(name: str, text: str) -> None:
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "flags"), [("groups", ""), ("groups-full", "full")])
def test_the_page_of_groups_is_as_it_was_read_and_approved(shelf: Shelf, name: str, flags: str) -> None:
    first, second = (
        [Member(run.row, way_of(run.row.run_id, run.nodes)) for run in map(shelf.read, told)] for told in GROUPS
    )
    out, console = a_console()
    show_groups(console, diff_groups(first, second), ["version:1.4.1", HOSTILE], words=False, full=bool(flags))
    approve(name, stripped(out))


def test_nothing_of_a_trace_reaches_the_terminal_as_a_command(shelf: Shelf) -> None:
    for pair, flags in (((A, HOSTILE_RUN), ""), ((HOSTILE_RUN, A), "full words"), ((HOSTILE_RUN, B), "words")):
        text = page(shelf, pair, flags)
        assert "[bold]markup[/bold]" in text
        assert not set(text) & {chr(code) for code in chain(range(10), range(11, 32), range(127, 160), [0x202E])}


def page(shelf: Shelf, pair: tuple[Told, Told], flags: str = "") -> str:
    out, console = a_console()
    show_runs(console, shelf.compared(pair), words="words" in flags, full="full" in flags)
    return stripped(out)


def a_console() -> tuple[io.StringIO, Console]:
    out = io.StringIO()
    return out, Console(file=out, width=120, markup=False, highlight=False, emoji=False)


def stripped(out: io.StringIO) -> str:
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
