"""The coding agent: bugs fixed, a process killed in the middle of it, and a window that a long log fills."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from playhead_collector.demo.cast import LOG_CODER_WINDOW
from playhead_collector.demo.steps import Failure
from playhead_collector.demo.take import Take


@dataclass(frozen=True, slots=True)
class Bug:
    """A bug as it is reported, found and fixed."""

    report: str
    test: str
    path: str
    source: str
    red: str
    old: str
    new: str
    branch: str
    summary: str


ROUNDING = Bug(
    report="tests/test_totals.py::test_three_thirds fails since yesterday. Please fix it.",
    test="tests/test_totals.py",
    path="shop/totals.py",
    source=(
        "def split(cents: int, parts: int) -> list[int]:\n    share = round(cents / parts)\n    return "
        "[share] * parts\n"
    ),
    red=(
        "FAILED tests/test_totals.py::test_three_thirds - assert sum([3333, 3333, 3333]) == 10000\n1 failed, 41 passed"
    ),
    old="    share = round(cents / parts)\n    return [share] * parts\n",
    new="    share, rest = divmod(cents, parts)\n    return [share + 1] * rest + [share] * (parts - rest)\n",
    branch="fix/split-rest",
    summary=(
        "`split` rounded each share, so the cents that do not divide evenly got lost. The first "
        "shares now carry the rest. All 42 tests pass; the change is on the branch fix/split-rest."
    ),
)
TIMEZONE = Bug(
    report="Delivery dates are off by one for orders placed after 23:00. There is a failing test now.",
    test="tests/test_delivery.py",
    path="shop/delivery.py",
    source=(
        "def delivery_day(placed: datetime) -> date:\n    return placed.astimezone(UTC).date() + timedelta(days=2)\n"
    ),
    red=(
        "FAILED tests/test_delivery.py::test_late_evening - assert date(2026, 3, 4) == date(2026, 3, "
        "5)\n1 failed, 17 passed"
    ),
    old="placed.astimezone(UTC).date()",
    new='placed.astimezone(ZoneInfo("Europe/Berlin")).date()',
    branch="fix/delivery-day",
    summary=(
        "The day was taken in UTC, and the shop counts days in its own time zone. All 18 tests pass; "
        "the change is on the branch fix/delivery-day."
    ),
)
PAGING = Bug(
    report="The order list shows the last order of a page again on the next page.",
    test="tests/test_orders.py",
    path="shop/orders.py",
    source=(
        "def page(orders: list[Order], number: int, size: int = 20) -> list[Order]:\n    start = number * "
        "size\n    return orders[start : start + size + 1]\n"
    ),
    red=("FAILED tests/test_orders.py::test_pages_do_not_overlap - AssertionError: {'A-10020'}\n1 failed, 25 passed"),
    old="orders[start : start + size + 1]",
    new="orders[start : start + size]",
    branch="fix/page-overlap",
    summary=("The slice took one order too many. All 26 tests pass; the change is on the branch fix/page-overlap."),
)


def _see(take: Take, bug: Bug) -> None:
    take.user(bug.report)
    take.call("run_tests", {"target": bug.test}, bug.red, seconds=6.0, say="I will see it fail first.")
    take.call("read_file", {"path": bug.path}, bug.source, seconds=0.02)


def fix_test(take: Take, bug: Bug) -> None:
    _see(take, bug)
    take.call(
        "edit_file",
        {"path": bug.path, "old": bug.old, "new": bug.new},
        {"replaced": 1},
        seconds=0.02,
        say=f"The fault is in {bug.path}.",
    )
    passed = bug.red.rsplit("\n", 1)[1].removeprefix("1 failed, ")
    count = int(passed.split()[0]) + 1
    take.call("run_tests", {"target": bug.test}, f"{count} passed", seconds=6.5)
    take.call(
        "git",
        {"arguments": f"switch -c {bug.branch}"},
        f"Switched to a new branch '{bug.branch}'",
        seconds=0.05,
    )
    take.call("git", {"arguments": "commit -am Fix"}, f"[{bug.branch} 4be1c07] Fix\n 1 file changed", seconds=0.06)
    take.answer(bug.summary)


def edit_misses(take: Take, bug: Bug) -> None:
    """A tool raises, the agent reads again and gets it right: an error that did not matter."""
    _see(take, bug)
    take.call_failing(
        "edit_file",
        {"path": bug.path, "old": bug.old.replace("    ", "\t"), "new": bug.new},
        Failure("ValueError", f"the text to replace was not found in {bug.path}"),
        say="I know what is wrong.",
    )
    take.call("read_file", {"path": bug.path}, bug.source, seconds=0.02, say="I misread the white space.")
    take.call("edit_file", {"path": bug.path, "old": bug.old, "new": bug.new}, {"replaced": 1}, seconds=0.02)
    take.call("run_tests", {"target": bug.test}, "all passed", seconds=6.0)
    take.answer(bug.summary)


def rename(take: Take) -> None:
    take.user("Rename `Basket` to `Cart` everywhere. The API stays as it is.")
    files = ("shop/basket.py", "shop/api.py", "tests/test_basket.py")
    take.call("git", {"arguments": "grep -l Basket"}, "\n".join(files), seconds=0.05)
    take.decide(
        "does the API name change?",
        ["yes", "no"],
        "no",
        'the field "basket" of the JSON is what clients read; the user said that the API stays',
    )
    for path in files:
        take.call("edit_file", {"path": path, "old": "Basket", "new": "Cart"}, {"replaced": 4}, seconds=0.02)
    take.call("run_tests", {"target": "tests"}, "184 passed", seconds=14.0)
    take.answer("Renamed in three files. The JSON field is still `basket`. 184 tests pass.")


def crash_in_tool(take: Take, bug: Bug) -> None:
    """The process is killed while the tests run: nobody ever learns how they ended."""
    _see(take, bug)
    take.call("edit_file", {"path": bug.path, "old": bug.old, "new": bug.new}, {"replaced": 1}, seconds=0.02)
    take.die_in_tool("run_tests", {"target": bug.test})


def crash_in_prompt(take: Take, bug: Bug) -> None:
    """The process is killed while the model answers."""
    _see(take, bug)
    take.die_in_prompt()


def context_blowout(take: Take) -> None:
    """Log pages fill the window, the trimmer drops the oldest message, and with it "never push to main"."""
    take.user("Build 8841 is flaky, about one run in five fails. Find out why and fix it. The log has 20 pages.")
    page = 0
    while take.prompt_tokens < LOG_CODER_WINDOW:
        page += 1
        take.call("read_log", {"build": 8841, "page": page}, _log_page(take.chance.content, page), seconds=0.3)
    take.trim_to(LOG_CODER_WINDOW - _ROOM_TO_ANSWER)
    take.call(
        "edit_file",
        {"path": "tests/conftest.py", "old": "timeout=2", "new": "timeout=60"},
        {"replaced": 1},
        seconds=0.02,
        say="The broker is slow to start, so a longer timeout will do.",
    )
    take.call(
        "git",
        {"arguments": "push origin HEAD:main --force"},
        "To origin\n + 9c1d2aa...4be1c07 HEAD -> main (forced update)",
        seconds=1.8,
    )
    take.answer("Fixed! I raised the timeout to 60 seconds and pushed it to main.")


_ROOM_TO_ANSWER = 256
_LOG_LINES = (
    "INFO  broker   accepted connection from worker-{n} in {ms} ms",
    "INFO  worker   picked job {n} from queue checkout, {ms} ms after it was put",
    "DEBUG pool     {n} of 400 connections in use, oldest idle for {ms} ms",
    "WARN  broker   heartbeat of worker-{n} late by {ms} ms",
    "INFO  tests    test_checkout[{n}] passed in {ms} ms",
    "DEBUG cache    evicted {n} entries, {ms} kB freed",
)


def _log_page(content: Random, page: int) -> str:
    lines = []
    for at in range(85):
        line = content.choice(_LOG_LINES)
        numbers = {"n": content.randint(1, 400), "ms": content.randint(1, 2_500)}
        lines.append(f"{page:02d}:{at:02d}.{content.randint(0, 999):03d} {line.format(**numbers)}")
    return "\n".join(lines)
