"""Files: what the agent reads is recorded up to a limit; what it writes goes beside the disk in a replay.

A file opened for reading is kept as it was, beyond the limit as a fingerprint that the replay compares. In a replay
every file is opened in a folder of its own that vanishes with it: nothing outside is written, and an agent that reads
back what it wrote finds it. Looking (`stat`, `listdir`) and moving (`mkdir`, `rename`, `remove`) are answered from the
recording.
"""

from __future__ import annotations

import builtins
import hashlib
import io
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

from playhead.lanes.actor import current_actor, outside
from playhead.lanes.divergence import Divergence
from playhead.lanes.engine import Engine
from playhead.lanes.recording import Recording
from playhead.lanes.who import TRANSPARENT, called_by_agent

LARGEST = 1 << 20
THROUGH = TRANSPARENT | {
    "pathlib",
    "genericpath",
    "posixpath",
    "codecs",
    "gzip",
    "shutil",
    "glob",
    "configparser",
    "zipfile",
}
_TIMES = tuple(
    name
    for name in (
        *("st_atime", "st_mtime", "st_ctime", "st_atime_ns", "st_mtime_ns", "st_ctime_ns"),
        *("st_blksize", "st_blocks"),
    )
    if hasattr(os.stat_result, name)
)
_times_of = attrgetter(*_TIMES)
CHANGES = ("mkdir", "rmdir", "remove", "unlink", "rename", "replace", "chmod", "utime", "symlink", "link", "truncate")

real_open = io.open
real_os_open = os.open
real_rmtree = shutil.rmtree
real_mkdir = os.mkdir
real_unlink = os.unlink
real_urandom = os.urandom
FOLDER = "playhead-replay-"


def install(engine: Engine) -> None:
    files = Files(engine)
    patches = engine.patches
    for module in (builtins, io):
        patches.function(module, "open", files.open)
    patches.function(os, "open", files.os_open)
    for name in ("stat", "lstat"):
        patches.function(os, name, files.looked(name, getattr(os, name)))
    patches.function(os, "listdir", files.listed(os.listdir))
    for module, name in (*((os, name) for name in CHANGES), (shutil, "rmtree")):
        patches.function(module, name, files.changed(name, getattr(module, name)))
    _swap_defaults(engine, os.unlink)
    patches.on_undo(files.clean)
    if not isinstance(engine.direction, Recording):
        engine.direction.before_failure.append(files.clean)  # whoever is told may end the process


def _swap_defaults(engine: Engine, unlink: Callable[..., Any]) -> None:
    """`tempfile` keeps `os.unlink` in the defaults of the methods that remove its files at close."""
    closer = getattr(tempfile, "_TemporaryFileCloser", None)
    for method in vars(closer or object).values():
        defaults = getattr(method, "__defaults__", None) or ()
        if real_unlink in defaults:
            method.__defaults__ = tuple(unlink if value is real_unlink else value for value in defaults)
            engine.patches.on_undo(partial(setattr, method, "__defaults__", defaults))


class Files:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._folder: Path | None = None
        self._beside: dict[str, Path] = {}

    # -- opening

    def open(self, file: Any, mode: str = "r", *args: Any, **how: Any) -> Any:
        writes = any(letter in mode for letter in "wax+")
        if not self._concerns(file, writes):
            return real_open(file, mode, *args, **how)
        opener = how.pop("opener", None)
        if opener is not None:  # it calls `os.open`, which is hooked too
            return _named(real_open(opener(file, _flags(mode)), mode.replace("x", "w"), *args, **how), file)
        path = os.fsdecode(file)
        reads = "w" not in mode and "x" not in mode
        opened: list[Any] = []

        def live() -> Any:
            before = self._content(path) if reads else None
            opened.append(real_open(self._here(file), mode, *args, **how))
            return before

        beside = self._asked(path, mode, reads, live)
        if not opened:
            opened.append(outside(lambda: real_open(beside, mode.replace("x", "w"), *args, **how)))
        return _named(opened[0], file) if path in self._beside else opened[0]

    def os_open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        writes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if dir_fd is not None or flags & os.O_DIRECTORY or not self._concerns(path, writes):
            return real_os_open(path, flags, mode, dir_fd=dir_fd)
        name = os.fsdecode(path)
        opened: list[int] = []

        def live() -> Any:
            before = self._content(name)
            opened.append(real_os_open(self._here(path), flags, mode))
            return before

        beside = self._asked(name, str(flags), not flags & os.O_TRUNC, live)
        if opened:
            return opened[0]
        return outside(lambda: real_os_open(beside, (flags & ~os.O_EXCL) | (os.O_CREAT if writes else 0), mode))

    def _concerns(self, file: Any, writes: bool) -> bool:
        if current_actor() is None or not isinstance(file, (str, bytes, os.PathLike)):
            return False
        path = os.fsdecode(file)
        if path.startswith("/dev/") or "__pycache__" in path or FOLDER in path:
            return False
        # A replay keeps whoever writes away from the disk, also log files that only the machinery opens.
        return called_by_agent(3, THROUGH) or (writes and self._engine.sealed)

    def _content(self, path: str) -> Any:
        """What the file holds: pieces, or beyond the limit its size and fingerprint; None where there is none yet."""
        try:
            with real_open(self._here(path), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return {"special": True}
                data = file.read(LARGEST + 1)
                if len(data) <= LARGEST:
                    return [self._engine.pieces.fold(data)]
                return _fingerprint(file, data)
        except OSError:
            return None

    def _asked(self, path: str, mode: str, reads: bool, live: Callable[[], Any]) -> Path:
        """The file beside the disk that stands for `path`, with what was recorded of it; of no use after `live`.

        Once a recording has answered for a file, it stays beside the disk, also where a fork lives on from there.
        """
        if not called_by_agent(3, THROUGH):
            return self._place(path)
        is_live = False

        def opened() -> Any:
            nonlocal is_live
            is_live = True
            return live()

        before = self._value("open", f"{path} {mode}", opened)
        if is_live:
            return Path(path)
        beside = self._place(path)
        if isinstance(before, list):
            outside(lambda: beside.write_bytes(self._engine.pieces.whole(before[0])))
        elif isinstance(before, dict) and reads:
            self._compare(path, before, beside)
        return beside

    def _compare(self, path: str, recorded: dict[str, Any], beside: Path) -> None:
        """A file too large to be recorded: the one that is here now must be the same."""
        try:
            with real_open(path, "rb") as file:
                now = _fingerprint(file, file.read(LARGEST + 1))
            if now == recorded:
                outside(lambda: shutil.copyfile(path, beside))
                return
        except OSError:
            pass
        self._engine.diverge(
            Divergence(
                f"{path} is larger than what is recorded, and is not here as it was",
                kind="open",
                differences=[f"recorded {recorded}; put the file back as it was, or record with it smaller"],
            )
        )

    def _place(self, path: str) -> Path:
        if self._folder is None:
            beside = self._engine.beside
            self._folder = outside(_new_folder if beside is None else lambda: _made(beside))
        if path not in self._beside:
            self._beside[path] = self._folder / f"{len(self._beside)}-{Path(path).name}"
        return self._beside[path]

    def clean(self) -> None:
        if self._folder is not None and self._engine.beside is None:
            real_rmtree(self._folder, ignore_errors=True)

    # -- looking and changing

    def looked(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def look(path: Any, *args: Any, **how: Any) -> Any:
            if how.get("dir_fd") is not None or not self._looks(path):
                return real(path, *args, **how)
            named = os.fsdecode(path)
            # Beside the disk, where a recording has answered for it once.
            fields = self._value(name, named, lambda: _fields(real(self._beside.get(named, path), *args, **how)))
            return os.stat_result(fields[0], fields[1])

        look.__name__ = name
        return look

    def _here(self, path: Any) -> Any:
        """Beside the disk, where a recording has answered for it once."""
        return self._beside.get(os.fsdecode(path), path)

    def listed(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def listdir(path: Any = ".") -> Any:
            if not self._looks(path):
                return real(path)
            names = self._value("listdir", os.fsdecode(path), lambda: [os.fsdecode(name) for name in real(path)])
            return [os.fsencode(name) for name in names] if isinstance(path, bytes) else names

        return listdir

    def changed(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def change(path: Any, *args: Any, **how: Any) -> Any:
            if how.get("dir_fd") is not None or not self._looks(path):
                return real(path, *args, **how)
            words = [os.fsdecode(path), *(str(argument) for argument in args)]

            def live() -> None:
                real(path, *args, **how)

            return self._value(name, " ".join(words), live)

        change.__name__ = name
        return change

    def _looks(self, path: Any) -> bool:
        return (
            isinstance(path, (str, bytes, os.PathLike)) and current_actor() is not None and called_by_agent(3, THROUGH)
        )

    def _value(self, kind: str, fingerprint: str, live: Callable[[], Any]) -> Any:
        actor = current_actor()
        assert actor is not None
        return self._engine.value(actor, kind, fingerprint, lambda: outside(live))


def _new_folder() -> Path:
    # Not by `tempfile`: the agent may be in the middle of it, holding its lock.
    name = f"{FOLDER}{os.getpid()}-{real_urandom(4).hex()}"
    folder = Path(os.environ.get("TMPDIR") or "/tmp") / name  # noqa: S108 - the name is nobody's guess
    real_mkdir(folder, 0o700)
    return folder


def _made(folder: Path) -> Path:
    with suppress(FileExistsError):
        real_mkdir(folder, 0o700)
    return folder


def _fingerprint(file: Any, begun: bytes) -> dict[str, Any]:
    digest, size = hashlib.blake2b(begun, digest_size=16), len(begun)
    while data := file.read(1 << 20):
        digest.update(data)
        size += len(data)
    return {"size": size, "hash": digest.hexdigest()}


def _fields(result: os.stat_result) -> list[Any]:
    return [list(result), dict(zip(_TIMES, _times_of(result), strict=True))]


def _flags(mode: str) -> int:
    """What `open` asks of an opener."""
    access = os.O_RDWR if "+" in mode else os.O_RDONLY if "r" in mode else os.O_WRONLY
    made = {"w": os.O_CREAT | os.O_TRUNC, "x": os.O_CREAT | os.O_EXCL, "a": os.O_CREAT | os.O_APPEND}
    return access | os.O_CLOEXEC | sum(made.get(letter, 0) for letter in mode)


def _named(opened: Any, file: Any) -> Any:
    """It says the name that the agent opened, not where it is beside the disk."""
    raw = getattr(getattr(opened, "buffer", opened), "raw", opened)
    raw.name = file
    return opened
