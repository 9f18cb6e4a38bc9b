"""What reading commands share: which store, which project, and how output is written.

Data goes to stdout, words for people to stderr. Text from traces is never trusted: `printable` takes out what a
terminal obeys.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from playhead_collector.config import Settings
from playhead_collector.read.source import Source, open_source
from playhead_collector.store.address import DEFAULT_PROJECT, parse_address


def add_store_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--store", metavar="URL", help="chdb:///path or clickhouse://user:password@host:8123/db (PLAYHEAD_STORE)"
    )
    parser.add_argument("--project", default=None, help="project to read; default 'default' (PLAYHEAD_PROJECT)")
    parser.add_argument("--token", help="read token of the collector (PLAYHEAD_TOKEN)")


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write JSON, one object a line, for scripts")


def store_address(arguments: argparse.Namespace) -> str:
    return str(arguments.store or os.environ.get("PLAYHEAD_STORE") or Settings().store)


def project_of(arguments: argparse.Namespace) -> str:
    return str(arguments.project or os.environ.get("PLAYHEAD_PROJECT") or DEFAULT_PROJECT)


def source_of(arguments: argparse.Namespace) -> Source:
    token = arguments.token or os.environ.get("PLAYHEAD_TOKEN")
    return open_source(parse_address(store_address(arguments)), project_of(arguments), token)


def console(stderr: bool = False) -> Console:
    """Markup is off everywhere: what traces hold is data."""
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def say(*words: object) -> None:
    print(*words, file=sys.stderr)


def write_json(rows: Iterable[Any]) -> None:
    for row in rows:
        sys.stdout.write(json.dumps(row, default=_plain, ensure_ascii=False) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


# C0 but newline and tab, DEL, C1, and what reorders text (bidirectional controls).
_CONTROLS = {
    **{code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)] if chr(code) not in "\n\t"},
    **{code: f"\\u{code:04x}" for code in [0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF]},
    **{code: f"\\u{code:04x}" for code in (0x2028, 0x2029)},
}


def printable(text: str) -> str:
    """Text that a terminal shows and does not obey."""
    return text.translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8")


def one_line(text: str, width: int) -> str:
    flat = " ".join(printable(text).split())
    return flat if len(flat) <= width else flat[: max(0, width - 1)] + "…"


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr while something long goes on; nothing where nobody watches."""
    watched = sys.stderr.isatty()
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=console(stderr=True), disable=not watched, transient=True,
    ) as progress:  # fmt: skip
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
