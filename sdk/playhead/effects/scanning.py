"""What is in a folder, as `os.scandir` tells it: beneath `glob`, `os.walk`, `pathlib` and `shutil`.

An entry knows its kind without being asked, so that is recorded with it; its `stat` is an effect of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from playhead.effects.files import THROUGH
from playhead.lanes.actor import current_actor, outside
from playhead.lanes.engine import Engine
from playhead.lanes.who import called_by_agent


def install(engine: Engine) -> None:
    real = os.scandir

    def scandir(path: Any = None) -> Any:
        actor = current_actor()
        if actor is None or isinstance(path, (int, bytes)) or not called_by_agent(2, THROUGH):
            return real(path)
        name = "." if path is None else os.fspath(path)
        found = engine.value(actor, "scandir", name, lambda: outside(lambda: _told(real(name))))
        return Entries([Entry(name, told) for told in found])

    engine.patches.function(os, "scandir", scandir)


def _told(entries: Any) -> list[list[Any]]:
    with entries:
        return [
            [
                entry.name,
                entry.inode(),
                entry.is_symlink(),
                [entry.is_dir(follow_symlinks=False), entry.is_dir()],
                [entry.is_file(follow_symlinks=False), entry.is_file()],
            ]
            for entry in entries
        ]


class Entry:
    """As `os.DirEntry`."""

    def __init__(self, folder: str, told: list[Any]) -> None:
        name, inode, is_symlink, is_dir, is_file = told
        self.name: str = name
        # As the system joins them: the folder's name alone is not said.
        self.path = os.path.join(folder, name)  # noqa: PTH118 - `./x` stays `./x`
        self._inode: int = inode
        self._is_symlink: bool = is_symlink
        self._is_dir: list[bool] = is_dir  # without following links, and following them
        self._is_file: list[bool] = is_file

    def inode(self) -> int:
        return self._inode

    def is_symlink(self) -> bool:
        return self._is_symlink

    def is_junction(self) -> bool:
        return False

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self._is_dir[follow_symlinks]

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self._is_file[follow_symlinks]

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return os.stat(self.path) if follow_symlinks else os.lstat(self.path)  # noqa: PTH116 - hooked there

    def __fspath__(self) -> str:
        return self.path

    def __repr__(self) -> str:
        return f"<DirEntry {self.name!r}>"


class Entries:
    """As what `os.scandir` gives: an iterator that can be closed."""

    def __init__(self, entries: list[Entry]) -> None:
        self._rest = iter(entries)

    def __iter__(self) -> Iterator[Entry]:
        return self

    def __next__(self) -> Entry:
        return next(self._rest)

    def close(self) -> None:
        self._rest = iter(())

    def __enter__(self) -> Entries:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
