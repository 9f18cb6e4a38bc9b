"""Which program a command starts: the recorded one, by which interpreter and out of which checkout, or another.

The terminal takes some of it at its start, so it loads nothing that executes.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playhead.errors import UsageError


def add_code_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the recorded program's code is."""
    parser.add_argument("--python", metavar="FILE", help="the interpreter to take; default: the one of this command")
    parser.add_argument(
        "--in", dest="checkout", metavar="FOLDER", type=Path, help="take its code from this checkout of its repository"
    )


def add_program_arguments(parser: argparse.ArgumentParser) -> None:
    """What is started, for whoever starts recorded programs."""
    add_code_arguments(parser)
    parser.add_argument(
        "words",
        nargs="*",
        default=[],
        metavar="-- python agent.py …",
        help="what to start, where the code is not where it was",
    )


def program_of(arguments: argparse.Namespace) -> tuple[str | None, Path | None]:
    """The interpreter and the checkout that were named."""
    if arguments.python is not None and shutil.which(arguments.python) is None:
        raise UsageError(f"--python {arguments.python!r} is not found")
    checkout = None if arguments.checkout is None else arguments.checkout.resolve()
    if checkout is not None and not checkout.is_dir():
        raise UsageError(f"--in {arguments.checkout} is no folder; name a checkout of the agent's repository")
    return arguments.python, checkout
