"""Whether a command line starts Python in a way that can be recorded, and what the program is called."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playhead.errors import UsageError

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*[tdw]?")
_WITH_VALUE = ("-X", "-W", "--check-hash-based-pycs")
# With these the interpreter does not look at the folder through which the recording begins.
_DEAF = "IES"


@dataclass(frozen=True, slots=True)
class Program:
    words: Sequence[str]
    name: str


def program_of(words: Sequence[str], command: str = "record") -> Program:
    """Raises UsageError with what to write instead, to the command that was called."""
    called = f"playhead {command} --"
    if not words:
        raise UsageError(f"nothing to run; write it as: {called} python agent.py")
    found = shutil.which(words[0])
    if found is None:
        if Path(words[0]).suffix == ".py" and Path(words[0]).is_file():
            raise UsageError(f"{words[0]} is not executable; write it as: {called} python {shlex.join(words)}")
        raise UsageError(f"{words[0]!r} is not found; write it as: {called} python agent.py")
    if _PYTHON.fullmatch(Path(found).name):
        return Program(words, _name(words[1:], Path(found).name))
    interpreter = _interpreter(Path(found))
    if interpreter is None:
        raise UsageError(
            f"{words[0]!r} is not a Python program, so there is nothing in it to record with; name the interpreter "
            f"({called} python agent.py) or a script that Python runs; under a launcher, put the launcher "
            f"first: {words[0]} … {called} python agent.py"
        )
    _name(interpreter, words[0])
    return Program(words, Path(found).stem)


def _interpreter(script: Path) -> list[str] | None:
    """The options that the first line of a script gives to Python; None where it is not for Python."""
    try:
        with script.open("rb") as file:
            first, second = file.readline(512), file.readline(512)
    except OSError:
        return None
    if not first.startswith(b"#!"):
        return None
    words = os.fsdecode(first[2:]).split()
    if words and Path(words[0]).name in ("sh", "bash", "dash") and second.startswith(b"'''exec'"):
        # What installers write where the path of the interpreter is too long for a first line.
        words = os.fsdecode(second).split()[1:]
    if words and Path(words[0]).name == "env":
        words = [word for word in words[1:] if word != "-S" and "=" not in word]
    if not words or not _PYTHON.fullmatch(Path(words[0].strip('"')).name):
        return None
    return [word for word in words[1:] if word.startswith("-")]


def _name(arguments: Sequence[str], otherwise: str) -> str:
    """What is run, after the interpreter's own options."""
    rest = iter(arguments)
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif word == "-" or not word.startswith("-"):
            return Path(word).stem if word != "-" else otherwise
        elif not word.startswith("--"):
            for place, letter in enumerate(word[1:], 2):
                if letter in _DEAF:
                    raise UsageError(
                        f"Python's option -{letter} shuts out the environment through which a recording begins; leave "
                        "it out"
                    )
                if letter == "m":
                    module = word[place:] or next(rest, otherwise)
                    return module.removesuffix(".__main__").rpartition(".")[2] or otherwise
                if letter == "c":
                    return otherwise
                if letter in "XW":
                    break
    return otherwise
