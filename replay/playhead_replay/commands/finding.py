"""Which recording a command means: a run of the store, or a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from playhead.journal.single import ENDING
from playhead_collector.commands.common import add_store_arguments, source_of
from playhead_replay.recording.find import from_file, from_store
from playhead_replay.recording.recording import Recording


def add_recording_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run", metavar="RUN", help="run id, the beginning of one, or 'last'; or a file that 'playhead record' wrote"
    )
    parser.add_argument("--run", dest="run_in_file", metavar="ID", help="which run, where the file holds several")
    add_store_arguments(parser)


def recording_from(arguments: argparse.Namespace) -> Recording:
    named = run_or_file(arguments.run)
    if isinstance(named, Path):
        return from_file(named, arguments.run_in_file)
    with source_of(arguments) as source:
        return from_store(source.client, named)


def run_or_file(name: str) -> str | Path:
    """What a user means by a word: a run of the store, or a file, which may not be there."""
    path = Path(name)
    return path if path.suffix == ENDING or path.is_file() else name
