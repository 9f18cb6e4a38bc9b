"""`playhead web`: the terminal interface in a browser."""

from __future__ import annotations

import argparse
import os
import shlex
import socket
import sys
from contextlib import redirect_stdout

from playhead.errors import UsageError
from playhead_collector.commands.common import project_of, say, settings_of
from playhead_collector.config import LOOPBACK
from playhead_replay.commands.program import program_of
from playhead_tui.command import add_arguments as add_terminal_arguments
from playhead_tui.command import replay_of
from playhead_tui.web.server import PageServer

_EXPOSED = (
    "whoever learns the address reads every run of the project, and exports, replays and forks them as you, "
    "and nothing of it is encrypted on its way"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_terminal_arguments(parser)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen; default: 127.0.0.1")
    parser.add_argument("--port", type=int, default=8910, help="default: 8910; 0 takes a free one")
    parser.add_argument(
        "--public-url", metavar="URL", help="the address that browsers see, where a proxy stands in between"
    )
    parser.add_argument("--insecure", action="store_true", help=f"listen beyond this machine: {_EXPOSED}")


def run(arguments: argparse.Namespace) -> int:
    if arguments.host not in LOOPBACK and not arguments.insecure:
        raise UsageError(
            f"--host {arguments.host} lets others in: {_EXPOSED}. Put a proxy with TLS and a login before 127.0.0.1 "
            "(--public-url is its address), or say --insecure"
        )
    settings_of(arguments)
    project_of(arguments)
    python, checkout = program_of(arguments)
    replay_of(arguments)
    _hand_down(arguments)
    words = [sys.executable, "-m", "playhead", "tui", *arguments.query]
    if arguments.run:
        words += ["--run", arguments.run]
    if arguments.replay:
        words += ["--replay", arguments.replay, *(["--step", str(arguments.step)] if arguments.step else [])]
    if arguments.diff:
        words += ["--diff", *arguments.diff]
    named = {"--python": python, "--in": checkout, "--rules": arguments.rules, "--objectives": arguments.objectives}
    words += [word for flag, value in named.items() if value is not None for word in (flag, str(value))]
    try:
        family = socket.AF_INET6 if ":" in arguments.host else socket.AF_INET
        listening = socket.create_server((arguments.host, arguments.port), family=family)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {arguments.host} port {arguments.port}: {error.strerror or error}; --port takes another"
        ) from None
    with listening, redirect_stdout(sys.stderr):
        server = PageServer(shlex.join(words), arguments.host, listening.getsockname()[1], arguments.public_url)
        say(f"Playhead in a browser: {server.address}\nthe address is the key: give it to nobody; Ctrl+C ends it")
        server.serve_on(listening)
    return 0


def _hand_down(arguments: argparse.Namespace) -> None:
    """To the processes of pages, where no list of processes shows a token or a password."""
    for name in ("store", "config", "project", "token"):
        given = getattr(arguments, name)
        if given:
            os.environ[f"PLAYHEAD_{name.upper()}"] = given
