"""The collector that has the embedded store open which others share: a process that can be killed, frozen and started
again on the same folder and ports. To them it is what a ClickHouse server would be.
"""

from __future__ import annotations

import signal
from pathlib import Path

from tests.e2e.running import Up, again, start

TOKEN = "token-of-administrators"


class Owner:
    def __init__(self, folder: Path, *flags: str, **environment: str) -> None:
        self._folder = folder
        self._flags = ("--admin-token", TOKEN, *flags)
        self._environment = environment
        self._up: Up | None = None

    @property
    def up(self) -> Up:
        """The process that runs, or ran last."""
        assert self._up is not None
        return self._up

    @property
    def port(self) -> int:
        return self.up.ports[2]

    @property
    def address(self) -> str:
        return f"clickhouse://default:{TOKEN}@127.0.0.1:{self.port}/playhead"

    def start(self) -> Up:
        if self._up is None:
            self._up = start(self._folder, *self._flags, **self._environment)
        else:
            self._up = again(self._up, *self._flags, **self._environment)
        return self._up

    def send(self, number: int) -> None:
        self.up.process.send_signal(number)

    def kill(self) -> None:
        if self.up.process.poll() is None:
            self.up.end(signal.SIGKILL)
