"""One end of a subprocess: each read is an effect, and what is written must be what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol


class Doing(Protocol):
    def __call__(self, kind: str, asked: Any, live: Callable[[], Any]) -> Any: ...


class Pipe:
    """Stands for a pipe of `Popen`; `live` is the real one, None in a replay."""

    def __init__(self, do: Doing, name: str, live: Any) -> None:
        self._do = do
        self.name = name
        self.live = live
        self.closed = False

    def read(self, size: int = -1) -> Any:
        return self._do(f"{self.name} read", size, lambda: self.live.read(size))

    def read1(self, size: int = -1) -> Any:
        return self._do(f"{self.name} read1", size, lambda: self.live.read1(size))

    def readline(self, size: int = -1) -> Any:
        return self._do(f"{self.name} readline", size, lambda: self.live.readline(size))

    def readlines(self, hint: int = -1) -> list[Any]:
        return list(self)

    def __iter__(self) -> Iterator[Any]:
        while line := self.readline():
            yield line

    def __next__(self) -> Any:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def write(self, data: Any) -> Any:
        return self._do(f"{self.name} write", data, lambda: self.live.write(data))

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._do(f"{self.name} flush", None, lambda: self.live and self.live.flush())

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._do(f"{self.name} close", None, lambda: self.live and self.live.close())

    def readable(self) -> bool:
        return self.name != "stdin"

    def writable(self) -> bool:
        return self.name == "stdin"

    def fileno(self) -> int:
        if self.live is None:
            raise OSError("this process is served from a recording: its pipes have no descriptors")
        return int(self.live.fileno())

    def __enter__(self) -> Pipe:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
