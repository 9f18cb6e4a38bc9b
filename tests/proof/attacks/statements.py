"""Statements that no reader may have answered: made from pieces of SQL at random, each with something to get at.

Whether one got through is told by canaries, not by its answer's status: the other project's payload, a file's text, a
connection to a port, a row that came or went, a setting that stayed.
"""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from random import Random
from urllib.parse import quote

from tests.proof.attacks.target import TENANTS, Tally, Target


def _pieces(name: str) -> tuple[str, ...]:
    """One section of `pieces.txt`, a piece a line."""
    whole = Path(__file__).with_name("pieces.txt").read_text(encoding="utf-8")
    return tuple(whole.split(f"[{name}]\n")[1].split("\n\n")[0].splitlines())


_SOURCES = _pieces("sources")
_COLUMNS = [
    "run_id",
    "tool",
    "attributes",
    "attribute_texts",
    "attribute_keys",
    "attribute_numbers",
    "status_message",
    "events",
    "input_text",
    "body",
    "resource",
    "scope_hash",
    "1",
    "'x'",
    "0.5",
    "now()",
    "[1,2]",
    "start_time",
    "cost_usd",
    "*",
]
_LISTED = files("playhead_collector.facade").joinpath("functions.txt").read_text(encoding="utf-8")
_FUNCTIONS = [name for line in _LISTED.splitlines() if not line.startswith("#") for name in line.split()]
_OWN = [
    "steps",
    "runs",
    "messages",
    "calls",
    "step_rows",
    "run_rows",
    "message_rows",
    "log_rows",
    "recording_rows",
    "usage",
]
_PLAIN = ("SELECT {scalar} FROM {source}", "SELECT * FROM {source}", "SELECT {scalar}, {scalar} FROM {source} LIMIT 9")
_SCALARS = _pieces("scalars")
_FRAMES = _pieces("frames")
_DEFECT = re.compile(rb"LOGICAL_ERROR|STD_EXCEPTION|Internal Server Error|Traceback|^(?!Code: )")
_ENDS = (";", ";;", "; DROP TABLE steps", " --", " /*", "\x00", " FORMAT Null", " UNION ALL SELECT 1")
_MARKS = ("'", '"', "`", "\\", "(", ")", "{", "}", "\ud800", "é", "\x00", "$$")
_WHITE = (" ", "\n", "\t", "/**/", "/*{other}*/", "--x\n", "\u00a0", "\x0b", "  ", "#!x\n", "\ufeff", "\r")


def statement(rng: Random, there: Target) -> str:
    source = rng.choice(_OWN) if rng.random() < 0.5 else rng.choice(_SOURCES)
    text = (rng.choice(_PLAIN) if rng.random() < 0.5 else rng.choice(_FRAMES)).replace("{source}", source)
    while "{scalar}" in text:
        text = text.replace("{scalar}", _call(rng) if rng.random() < 0.6 else rng.choice(_SCALARS), 1)
    for name, value in (
        ("other", rng.choice(_others())),
        ("file", str(there.file)),
        ("port", str(there.listener.port)),
    ):
        text = text.replace(f"{{{name}}}", value)
    return _disguised(rng, text) if rng.random() < 0.4 else text


def _call(rng: Random, depth: int = 0) -> str:
    """Of functions that a reader may call, on columns that are there and on some that are not for everybody."""
    if depth == 2 or rng.random() < 0.3:
        return rng.choice(_COLUMNS)
    arguments = ", ".join(_call(rng, depth + 1) for _ in range(rng.choice((1, 1, 2, 3))))
    return f"{rng.choice(_FUNCTIONS)}({arguments})"


def _others() -> tuple[str, ...]:
    return ("playhead_bank", "playhead_shop", "bank", "system", "default", "`playhead_bank`", '"playhead_bank"')


def _disguised(rng: Random, text: str) -> str:
    for _ in range(rng.choice((0, 0, 1, 2))):
        match rng.randrange(6):
            case 0:
                at = text.find(" ", rng.randrange(len(text)))
                text = text[:at] + rng.choice(_WHITE) + text[at + 1 :] if at >= 0 else text
            case 1:
                text = text.swapcase()
            case 2:
                text = f"({text})"
            case 3:
                text += rng.choice(_ENDS)
            case 4:
                text = f"SELECT * FROM ({text})"
            case _:
                at = rng.randrange(len(text))
                text = text[:at] + rng.choice(_MARKS) + text[at:]
    return text


def try_statements(there: Target, rng: Random, tally: Tally, count: int) -> None:
    before, calls = there.counts(), there.listener.calls
    folder = sorted(path.name for path in there.file.parent.iterdir())
    for number in range(count):
        text = statement(rng, there)
        who = rng.choice(("shop read", "shop figures"))
        answer = there.select(text, who, **_url(rng, there))
        leaked = there.leaked(answer.body, who)
        tally.tried(f"statements, {answer.status // 100}xx", leaked and f"{text!r}: {leaked}")
        if answer.status == 500 and _DEFECT.search(answer.body):
            tally.through.append(f"statements: {text!r} ended in a defect: {answer.body[:200]!r}")
        if number % 500 == 499:
            _unharmed(there, tally, before, calls, folder, text)
    _unharmed(there, tally, before, calls, folder, "the last ones")


def _url(rng: Random, there: Target) -> dict[str, str]:
    """What else the address of a request may try."""
    return rng.choice(
        (
            {},
            {},
            {},
            {"database": "playhead_bank"},
            {"readonly": "0"},
            {"param_p": "playhead_bank.steps", "param_q": "playhead_bank"},
            {"additional_table_filters": quote("{}")},
            {"session_id": "x", "session_timeout": "60"},
            {"allow_ddl": "1", "readonly": "2"},
            {"max_memory_usage": "0", "max_execution_time": "0"},
            {"role": "admin"},
            {"user": "default", "password": there.tokens["shop read"]},
            {"default_format": "Native"},
            {"allow_introspection_functions": "1"},
            {"stacktrace": "1"},
            {"log_queries": "0"},
            {"user_files_path": "/"},
            {"query": quote("SELECT * FROM ")},
            {"decompress": "1"},
            {"wait_end_of_query": "1", "buffer_size": "999999999999"},
        )
    )


def _unharmed(there: Target, tally: Tally, before: dict[str, str], calls: int, folder: list[str], text: str) -> None:
    if there.counts() != before:
        tally.through.append(f"statements: rows came or went by {text!r}: {before} became {there.counts()}")
    if there.listener.calls != calls:
        tally.through.append(f"statements: something was called, by {text!r} or one before it")
    if sorted(path.name for path in there.file.parent.iterdir()) != folder:
        tally.through.append(f"statements: a file was written by {text!r} or one before it")
    if (ill := there.well()) is not None:
        tally.through.append(f"statements: {ill}, after {text!r}")


assert TENANTS == ("shop", "bank"), "the other project's database is named above"
