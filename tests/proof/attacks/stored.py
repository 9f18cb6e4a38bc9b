"""What an emitter may store and a person looks at: text that a terminal would obey, names that lead out of a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from tests.proof.attacks.target import Tally, Target
from tests.tui.told import EVIL, hostile

from playhead_collector.send import send

__all__ = ["EVIL", "OBEYED", "commands", "store_evil", "try_names"]

# What a terminal acts on, or shows in another order; lines and tabs are a page's own.
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
NAMES = (
    "../../etc/passwd",
    "..\\..\\x",
    "/etc/passwd",
    "a/b",
    "a;b",
    "a b",
    "a\x00b",
    "a\nb",
    "$(id)",
    "`id`",
    "%2e%2e%2f",
    "-rf",
    "--help",
    "playhead; DROP DATABASE playhead",
    "shop'--",
    'shop"--',
    "système",
    "a" * 5000,
    "",
    ".",
    "..",
    "CON",
    "shop\u202e",
    "system",
    "SHOP",
)


def store_evil(there: Target) -> str:
    """Two runs of the attacker's, hostile in each field; returns the id of one."""
    runs = [hostile(number, datetime.now(UTC), more) for number, more in ((66, ""), (67, "\x1b[32mgreen \u202e"))]
    send([run.body() for run in runs], there.up.url, there.tokens["shop ingest"])
    there.up.wait_until_stored()
    return runs[0].run_id


def commands(run: str) -> Iterator[list[str]]:
    """Each that prints what is stored, and some that are given such text themselves."""
    other, typed = run.replace("42", "43"), EVIL.replace("\x00", "")
    for words in (
        "runs", "runs --json", "runs --text red", "show RUN", "show RUN --full", "show RUN --json", "diff RUN OTHER",
        "diff RUN OTHER --full", "diff RUN OTHER --json", "slo", "slo --json", "slo --markdown", "alerts history",
        "alerts history --json", "certify RUN", "replay RUN", "checkout RUN", "bisect RUN", "export RUN -o evil.jsonl",
    ):  # fmt: skip
        yield [{"RUN": run, "OTHER": other}.get(word, word) for word in words.split()]
    for statement in ("* FROM runs", "user, agent, error FROM runs", "* FROM steps", "throwIf(1, user) FROM runs"):
        yield ["sql", f"SELECT {statement}"]
    yield from (["runs", typed], ["show", typed], ["doctor", typed], ["sql", typed])


def try_names(there: Target, tally: Tally) -> None:
    """Projects, users and runs that are named like paths, as the administrator: refused, or a name as any other."""
    outside = _tree(there.file.parent)
    admin = {"Content-Type": "application/json", "X-Playhead-Token": there.tokens["admin"]}
    for name in NAMES:
        for asked in (
            {"subject": "user", "value": "nobody", "project": name},
            {"subject": "session", "value": name or "-", "project": "shop"},
        ):
            answer = there.ask(there.http, "POST", "/admin/erase", json.dumps(asked).encode(), admin)
            tally.tried(
                "names", None if answer.status in (200, 409, 422) else f"{asked!r:.100} answered {answer.status}"
            )
        answer = there.select("SELECT database()", database=_quoted(name))
        tally.tried("names", there.leaked(answer.body))
        for folder in ("", "static/", "v1/", "admin/"):
            answer = there.ask(there.http, "GET", f"/{folder}{_quoted(name)}")
            fine = answer.status in (0, 400, 401, 404, 405)
            tally.tried("names", None if fine else f"{folder}{name!r:.80} answered {answer.status}")
    if (now := _tree(there.file.parent)) != outside:
        tally.through.append(f"names: {sorted(now ^ outside)} came or went")


def _quoted(name: str) -> str:
    return quote(name, safe="./-")


def _tree(folder: Path) -> set[str]:
    """All but what the collector keeps in its own folder."""
    found = (path.relative_to(folder) for path in folder.rglob("*"))
    return {str(path) for path in found if path.parts[0] != "collector"}
