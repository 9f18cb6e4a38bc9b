"""All of it together: as attributes for the run's first step, and whole for the recording.

What is asked here of the system is asked outside of the agent: nothing of it is an effect.
"""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from playhead import __version__
from playhead.fingerprint.code import repository_of
from playhead.fingerprint.packages import hash_of, installed
from playhead.journal.journal import FORMAT

# What changes how Python runs, and nothing that may hold a secret. More by PLAYHEAD_ENVIRONMENT=NAME,NAME.
ENVIRONMENT = (
    "LANG", "LANGUAGE", "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_NUMERIC", "LC_TIME", "TZ", "VIRTUAL_ENV", "PYTHONPATH",
    "PYTHONHASHSEED", "PYTHONOPTIMIZE", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONDEVMODE", "PYTHONASYNCIODEBUG",
    "PYTHONSAFEPATH", "PYTHONNOUSERSITE",
)  # fmt: skip
# How this version records where it differs from others of the same format; a replay honours what it finds here.
BEHAVIOUR: tuple[str, ...] = ()


class Fingerprint:
    """What is cheap is there at once; whether files were changed is looked at later, by whoever calls `finish`."""

    def __init__(self, engine: int | None, level: str) -> None:
        """Asked when recording begins: the agent may change the environment, or its folder."""
        folder = os.getcwd()  # noqa: PTH109
        entry = _entry(folder)
        environment = {name: os.environ[name] for name in _chosen() if name in os.environ}
        packages = installed(sys.path)
        runtime = {
            "process.runtime.name": sys.implementation.name,
            "process.runtime.version": platform.python_version(),
            "playhead.platform": f"{sys.platform}-{os.uname().machine}",
        }
        self.attributes: dict[str, Any] = {
            "process.command_args": list(sys.orig_argv),
            "process.working_directory": folder,
            **runtime,
            "playhead.record": level,
            "playhead.format": f"{FORMAT}.{engine or 0}",
            "playhead.packages": hash_of(packages),
        }
        """For the step that begins a run."""
        self.whole: dict[str, Any] = {
            "arguments": list(sys.argv),
            "command": list(sys.orig_argv),
            "entry": entry,
            "folder": folder,
            "home": os.path.expanduser("~"),  # noqa: PTH111 - the other way raises where nobody has one
            "python": {**runtime, "flags": _flags(), "options": {key: str(it) for key, it in sys._xoptions.items()}},
            "environment": environment,
            "packages": packages,
            "packages_hash": self.attributes["playhead.packages"],
            "format": {"journal": FORMAT, "engine": engine, "behaviour": list(BEHAVIOUR), "playhead": __version__},
            "level": level,
        }
        """For the recording."""
        seed = environment.get("PYTHONHASHSEED")
        if seed is not None:
            self.attributes["playhead.hash_seed"] = seed
        beside = [Path(entry).parent] if entry else []
        self._repository = repository_of([*beside, Path(folder)])
        self._code = None if self._repository is None else self._repository.code()
        if self._code is not None:
            self.attributes["vcs.ref.head.revision"] = self._code.commit
            if self._code.branch:
                self.attributes["vcs.ref.head.name"] = self._code.branch

    def finish(self) -> dict[str, Any]:
        """Looks at every tracked file; returns what became known, as attributes."""
        code, repository = self._code, self._repository
        if code is None or repository is None:
            return {}
        changes = repository.changes(code.commit)
        self.whole["code"] = {**asdict(code), **asdict(changes)}
        known: dict[str, Any] = {}
        if changes.dirty is not None:
            known["playhead.code.dirty"] = changes.dirty
        if changes.modified:
            known["playhead.code.modified"] = list(changes.modified)
        self.attributes = {**self.attributes, **known}
        return known


def _entry(folder: str) -> str:
    """The file that runs; empty where there is none, or where it is not known yet."""
    started = getattr(sys.modules.get("__main__"), "__file__", None)
    named = started or next((word for word in sys.orig_argv[1:] if not word.startswith("-")), "")
    try:
        path = Path(folder, named)
        return str(path.resolve()) if named and path.is_file() else ""
    except (OSError, ValueError):
        return ""  # a text of -c can be a name that no system takes


def _chosen() -> list[str]:
    more = (os.environ.get("PLAYHEAD_ENVIRONMENT") or "").split(",")
    return [*ENVIRONMENT, *(name.strip() for name in more if name.strip())]


def _flags() -> dict[str, Any]:
    not_flags = ("_", "n_", "count", "index")
    return {name: getattr(sys.flags, name) for name in dir(sys.flags) if not name.startswith(not_flags)}
