"""`playhead record -- python agent.py …`: a program without a line of Playhead in it, recorded as one run."""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import sys
import time
from pathlib import Path

from playhead.errors import PlayheadError, UsageError
from playhead.journal.endpoint import Endpoint, from_environment
from playhead.journal.folder import Folder, journals_root, leftovers
from playhead.printable import several
from playhead.program.asked import VARIABLE, Asked
from playhead.program.delivering import answers, waiting
from playhead.program.ending import Ended, end_process_step
from playhead.program.foreground import end_as, run_in_foreground
from playhead.program.python import Program, program_of

START = Path(__file__).parents[1] / "program" / "start"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "playhead record [options] [--] python agent.py …"
    parser.epilog = (
        "The process is one run. It is sent to the collector or, where none answers, kept in a file, which "
        "'playhead import' and 'playhead ship' take. Its streams, signals and "
        "exit status are left as they are."
    )
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="keep it in this file, and send nothing")
    parser.add_argument(
        "--level", choices=("exact", "wire"), default="exact",
        help="exact (default) replays concurrent programs, and may delay a call; wire never delays one",
    )  # fmt: skip
    parser.add_argument("--service", metavar="NAME", help="default: OTEL_SERVICE_NAME, else the program's name")
    parser.add_argument(
        "--endpoint", metavar="URL", help="a collector's base URL; default: the OTEL_EXPORTER_OTLP_* variables"
    )
    parser.add_argument(
        "--redact-field", metavar="NAME", action="append", default=[], help="one more field whose value is a secret"
    )
    parser.add_argument(
        "--redact-pattern", metavar="REGEX", action="append", default=[], help="one more shape that secrets have"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing where all went well")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="-- python agent.py …", help="what to run")


def run(arguments: argparse.Namespace) -> int:
    if arguments.endpoint and "://" not in arguments.endpoint:
        raise UsageError(f"--endpoint {arguments.endpoint!r} is no URL; write it as http://127.0.0.1:4318")
    words = arguments.words[1:] if arguments.words[:1] == ["--"] else arguments.words
    program = program_of(words)
    endpoint = from_environment(arguments.endpoint)
    file: Path | None = arguments.output
    if file is None and not answers(endpoint):
        file = _free_name(program)
    folder = _hold(file)
    hash_seed = os.environ.get("PYTHONHASHSEED")
    asked = Asked(
        name=program.name,
        service=arguments.service or os.environ.get("OTEL_SERVICE_NAME") or program.name,
        journal=str(folder.path.parent),
        process=folder.path.name,
        lock=folder.descriptor,
        send=file is None,
        endpoint=arguments.endpoint,
        level=arguments.level,
        redact_fields=arguments.redact_field,
        redact_patterns=arguments.redact_pattern,
        pythonpath=os.environ.get("PYTHONPATH"),
        hash_seed_is_ours=hash_seed is None or hash_seed == "random",
    )
    os.set_inheritable(folder.descriptor, True)
    try:
        code = run_in_foreground(program.words, _environment(asked))
    except OSError as error:
        _discard(folder, file)
        raise UsageError(f"{program.words[0]!r} cannot be started: {error.strerror}") from None
    with contextlib.suppress(KeyboardInterrupt):
        try:
            _keep(folder, file, endpoint, code, arguments.quiet)
        except (PlayheadError, OSError) as error:
            # The program's own end is what whoever called it waits for.
            print(f"playhead: {error}; what was recorded is in {folder.path}", file=sys.stderr)
    return end_as(code)


def _environment(asked: Asked) -> dict[str, str]:
    path = str(START) if not asked.pythonpath else f"{START}{os.pathsep}{asked.pythonpath}"
    environment = {**os.environ, "PYTHONPATH": path, VARIABLE: asked.as_text()}
    if asked.hash_seed_is_ours:
        # Sets of strings are iterated by it: only one that is known can be had again.
        environment["PYTHONHASHSEED"] = str(random.SystemRandom().randrange(1, 2**32))
    return environment


def _hold(file: Path | None) -> Folder:
    """The program's journal, held from before its start until all of it is where it belongs."""
    process = os.urandom(16).hex()
    if file is None:
        return Folder.make(journals_root(), process)
    if file.exists():
        raise UsageError(f"{file} is there already; name another, or remove it first")
    try:
        return Folder.make(_beside(file), process)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}; name another with -o") from None


def _keep(folder: Folder, file: Path | None, endpoint: Endpoint, code: int, quiet: bool) -> None:
    ended = end_process_step(folder.path, code, time.time_ns())
    if ended is None:
        _discard(folder, file)
        if code != 2:  # it has said why
            print("playhead: the program ended before any of its code ran; nothing was recorded", file=sys.stderr)
        return
    if file is not None:
        from playhead.journal.single import gather

        root = folder.path.parent
        gather([folder.path, *sorted(path for path in root.iterdir() if path.is_dir() and path != folder.path)], file)
        folder.remove()
        for of_child in leftovers(root):
            of_child.remove()
        try:
            root.rmdir()
        except OSError:
            print(f"playhead: processes that the program started still run, and record into {root}", file=sys.stderr)
        where = str(file)
    elif _sent(folder, endpoint):
        where = "the collector"
    else:
        raise PlayheadError("not all of it could be sent; 'playhead ship' sends the rest")
    if not quiet:
        print(f"playhead: run {ended.run} is in {where}: {_told(ended)}", file=sys.stderr)


def _told(ended: Ended) -> str:
    cut = f", {ended.cut} of them cut" if ended.cut else ""
    how = f"; {ended.how}" if ended.how else ""
    return f"{several(ended.steps, 'step')}{cut}{how}"


def _sent(folder: Folder, endpoint: Endpoint) -> bool:
    """What the program did not send itself, and what processes that it started left."""
    from playhead.journal.sender import Sender
    from playhead.journal.shipper import Shipper, ship_leftovers

    wait = waiting()
    with contextlib.closing(Sender(endpoint)) as sender:
        shipper = Shipper(folder.path, sender, wait)
        if not shipper.ship_rest():
            folder.release()
            return False
        if shipper.done.refused:
            folder.release()
        else:
            folder.remove()
        ship_leftovers(leftovers(folder.path.parent), sender, wait)
    return True


def _free_name(program: Program) -> Path:
    name = f"{program.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    numbered = (Path(f"{name}{f'-{number}' if number else ''}.playhead") for number in range(1000))
    return next(path for path in numbered if not path.exists() and not _beside(path).exists())


def _beside(file: Path) -> Path:
    """Where the journals lie until the program has ended."""
    return file.with_name(f"{file.name}.journal")


def _discard(folder: Folder, file: Path | None) -> None:
    folder.remove()
    if file is not None:
        shutil.rmtree(_beside(file), ignore_errors=True)
