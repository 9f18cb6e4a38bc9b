"""`playhead bisect RUN --good COMMIT`: the commit at which a recording first diverges."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from playhead.errors import UsageError
from playhead_collector.commands.common import add_json_argument, one_line, say, write_json
from playhead_replay.bisect import Found, Tried, bisect
from playhead_replay.commands.ending import cleaned_up_when_ended
from playhead_replay.commands.finding import add_recording_arguments, recording_from
from playhead_replay.git import repository_of_recording
from playhead_replay.told import told

_LONGEST = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Each commit is checked out into a worktree in a temporary folder, which is removed again; your own tree is "
        "not touched. Exit status: 0 found, 2 not to be found, and why."
    )
    add_recording_arguments(parser)
    add_json_argument(parser)
    parser.add_argument(
        "--good", metavar="COMMIT", help="where it is identical; default: the commit that it was recorded at"
    )
    parser.add_argument("--bad", metavar="COMMIT", default="HEAD", help="where it diverges; default: HEAD")


def run(arguments: argparse.Namespace) -> int:
    recording = recording_from(arguments)
    repository = repository_of_recording(recording)
    good = arguments.good or (recording.origin.get("code") or {}).get("commit")
    if not good:
        raise UsageError(
            "the commit that it was recorded at is not known; name one where it is identical: --good COMMIT"
        )
    with cleaned_up_when_ended():
        found = bisect(recording, repository, repository.commit(good), repository.commit(arguments.bad), _tell)
    if arguments.json:
        write_json([asdict(found)])
    else:
        _show(found)
    return 0


def _tell(tried: Tried) -> None:
    how = f"cannot be executed: {one_line(tried.why, _LONGEST)}" if tried.verdict is None else tried.verdict.status
    say(f"{tried.commit.id[:10]} {one_line(tried.commit.subject, 60)}: {how}")


def _show(found: Found) -> None:
    commit = found.first_bad.commit
    lines = [
        f"{commit.id} {commit.subject}",
        f"  is the first at which it diverges; identical at {found.last_good.id[:10]}",
    ]
    if found.between:
        lines[1] = f"  diverges; identical at {found.last_good.id[:10]}, and between the two it cannot be executed:"
        lines += [f"    {tried.commit.id[:10]} {one_line(tried.commit.subject, _LONGEST)}" for tried in found.between]
    certificate, verdict = found.first_bad.certificate, found.first_bad.verdict
    if certificate is not None and verdict is not None:
        lines += [f"  {line}" for line in told(certificate, verdict)]
    sys.stdout.write("\n".join(lines) + "\n")
