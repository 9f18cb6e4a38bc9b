"""`playhead checkout RUN`: the code at the recorded commit and the recorded packages, ready to replay."""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import asdict
from pathlib import Path

from playhead_collector.commands.common import add_json_argument, say, write_json
from playhead_replay.checkout import CheckedOut, check_out
from playhead_replay.commands.finding import add_recording_arguments, recording_from
from playhead_replay.git import repository_of_recording

_MOST_NAMED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "The code is a git worktree, the packages are installed by pip into FOLDER/.venv, by the versions in the "
        "recording. 'git worktree remove --force FOLDER' removes it all. On stdout: how to replay there."
    )
    add_recording_arguments(parser)
    add_json_argument(parser)
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=Path, help="default: NAME-COMMIT beside the repository"
    )
    parser.add_argument("--no-packages", action="store_true", help="the code alone")


def run(arguments: argparse.Namespace) -> int:
    recording = recording_from(arguments)
    repository = repository_of_recording(recording)
    commit = str((recording.origin.get("code") or {}).get("commit", ""))
    folder = arguments.output or repository.root.with_name(f"{repository.root.name}-{commit[:10]}")
    done = check_out(recording, repository, folder.resolve(), not arguments.no_packages, say)
    command = ["playhead", "replay", arguments.run, "--in", done.folder]
    if done.python is not None:
        command += ["--python", done.python]
    if arguments.json:
        write_json([{**asdict(done), "command": command}])
    else:
        _tell(done)
        sys.stdout.write(f"{shlex.join(command)}\n")
    return 0


def _tell(done: CheckedOut) -> None:
    for note in done.notes:
        say(f"note: {note}")
    if done.missing:
        named = ", ".join(done.missing[:_MOST_NAMED])
        more = f" and {len(done.missing) - _MOST_NAMED} more" if len(done.missing) > _MOST_NAMED else ""
        say(
            f"note: pip could not find {named}{more}; where one of them is the code itself, install it: "
            f"{done.python} -m pip install --no-deps -e {shlex.quote(done.folder)}"
        )
