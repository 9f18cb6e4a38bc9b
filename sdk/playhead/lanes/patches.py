"""Patches: attributes replaced while something records or serves, and put back afterwards; modules patched when
imported.

Third-party packages are never imported by us: what is there is patched at once, what comes later as soon as its own
code has run. A patch that somebody else has patched over stays beneath theirs, and passes everything through once we
are gone.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from playhead.lanes.who import is_machinery

_MISSING = object()
Apply = Callable[[ModuleType], None]


class Patches:
    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []
        self._aliases: Aliases | None = None
        self._watched: dict[str, list[Apply]] = {}
        self._finder: _Finder | None = None

    def set(self, owner: Any, name: str, value: Any) -> None:
        before = vars(owner).get(name, _MISSING)
        if isinstance(owner, ModuleType) and isinstance(value, (FunctionType, MethodType)):
            value = _like(value, before, owner, name)
        setattr(owner, name, value)
        ours = vars(owner)[name]  # as kept: a function of a class, not its bound form

        def undo() -> None:
            if vars(owner).get(name, _MISSING) is not ours:
                return
            if before is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, before)

        self._undo.append(undo)

    def function(self, owner: ModuleType, name: str, value: Any) -> None:
        """Replaces a module's function, also where the agent's modules have imported it by name before us."""
        before = getattr(owner, name)
        self.set(owner, name, value)
        value = vars(owner)[name]
        for known in _SUPPORTING:
            if before in known:
                known.add(value)
                self.on_undo(partial(known.discard, value))
        aliases = _aliases() if self._aliases is None else self._aliases
        for module, alias in aliases.get(id(before), ()):
            if vars(module).get(alias) is before:
                self.set(module, alias, value)

    @contextmanager
    def many(self) -> Iterator[None]:
        """Around many calls of `function`: modules are looked through once.

        With the clients of two model providers and a web server loaded there are four thousand: once for each function,
        sixty times, took 1.3 s.
        """
        self._aliases = _aliases()
        try:
            yield
        finally:
            self._aliases = None

    def on_undo(self, undo: Callable[[], None]) -> None:
        self._undo.append(undo)

    def when_imported(self, module: str, apply: Apply) -> None:
        present = sys.modules.get(module)
        if present is not None and not getattr(getattr(present, "__spec__", None), "_initializing", False):
            apply(present)
            return
        self._watched.setdefault(module, []).append(apply)
        if self._finder is None:
            self._finder = _Finder(self._watched)
            sys.meta_path.insert(0, self._finder)

    def undo(self) -> None:
        if self._finder is not None and self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        self._watched.clear()
        self._finder = None
        while self._undo:
            self._undo.pop()()


# `shutil` and `os.walk` ask these whether a function takes a file descriptor.
_SUPPORTING: tuple[set[Any], ...] = (
    os.supports_dir_fd,
    os.supports_fd,
    os.supports_follow_symlinks,
    os.supports_effective_ids,
)


class _StandIn:
    """What a built-in function, or a bound one, is besides being called: it does not become a method of a class that
    holds it (`clock = time.monotonic`, werkzeug's `lock_class = Lock`), and it is pickled and copied by its name."""

    def __init__(self, real: Any, owner: ModuleType, name: str) -> None:
        self.__wrapped__ = real
        self.__name__ = self.__qualname__ = name
        self.__module__ = owner.__name__
        self.__doc__ = getattr(real, "__doc__", None)

    def __reduce__(self) -> str:
        return self.__name__

    def __repr__(self) -> str:
        return repr(self.__wrapped__)


def _like(ours: Any, real: Any, owner: ModuleType, name: str) -> Any:
    if isinstance(real, FunctionType) and isinstance(ours, FunctionType):
        ours.__name__ = ours.__qualname__ = name
        ours.__module__ = owner.__name__
        return ours
    # A class for each: called through its type, it puts no frame between our function and its caller, who is looked at.
    return type(name, (_StandIn,), {"__call__": staticmethod(ours)})(real, owner, name)


Aliases = dict[int, list[tuple[ModuleType, str]]]
_FUNCTIONS = frozenset({FunctionType, BuiltinFunctionType, MethodType})


def _aliases() -> Aliases:
    """Under which names the agent's modules, and those of the packages that it uses, hold which functions."""
    found: Aliases = {}
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType) and not is_machinery(module.__name__):
            for alias, held in list(vars(module).items()):
                # Its type, not `isinstance`: that asks the value, and openai's modules hold proxies which then import.
                if type(held) in _FUNCTIONS:
                    found.setdefault(id(held), []).append((module, alias))
    return found


class _Finder(importlib.abc.MetaPathFinder):
    """Finds nothing itself: lets the others find a watched module, and patches it after its code has run."""

    def __init__(self, watched: dict[str, list[Apply]]) -> None:
        self._watched = watched
        self._looking: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._watched or fullname in self._looking:
            return None
        self._looking.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._looking.discard(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._watched.pop(fullname, []))
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, inner: Any, apply: list[Apply]) -> None:
        self._inner = inner
        self._apply = apply

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self._inner.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        # The module must look as if nobody had stood between: `inspect` and `importlib.resources` ask its loader.
        module.__loader__ = self._inner
        if module.__spec__ is not None:
            module.__spec__.loader = self._inner
        self._inner.exec_module(module)
        for apply in self._apply:
            apply(module)
