"""A real terminal: tmux on a socket of its own, in which a command is used as a person would, and its screen read."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.running import clean_environment

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 120.0


def installed() -> bool:
    return shutil.which("tmux") is not None


@dataclass(frozen=True, slots=True)
class Terminal:
    socket: Path

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: `Enter`, `Escape`, `j`."""
        self.tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-l", text)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def sees(self, *words: str, gone: str = "\0") -> None:
        """Waits until all of the words stand on the screen at once, without what must be gone.

        A key that edits may be obeyed after the letters typed behind it: wait for what it does before typing on.
        """
        deadline = time.monotonic() + _PATIENCE_S
        while not all(word in (screen := self.screen()) for word in words) or gone in screen:
            assert time.monotonic() < deadline, f"waited for {words} in vain; this was shown:\n{screen}"
            time.sleep(0.05)

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-u", "-S", str(self.socket), "-f", "/dev/null", *words],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


@contextmanager
def terminal(folder: Path, size: tuple[int, int], *words: str, **environment: str) -> Iterator[Terminal]:
    """`playhead` with these words in a terminal of this size; when it ends, its exit status stays on the screen."""
    command = shlex.join([sys.executable, "-m", "playhead", *words])
    settings = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "XDG_CONFIG_HOME": str(folder), **environment}
    there = Terminal(folder / "tmux")
    subprocess.run(
        ["tmux", "-u", "-S", str(there.socket), "-f", "/dev/null", "new-session", "-d", "-x", str(size[0]),
         "-y", str(size[1]), f"{command}; echo ended with $?; exec sleep 600"],
        cwd=ROOT,
        env=clean_environment(folder, settings),
        check=True,
    )  # fmt: skip
    try:
        yield there
    finally:
        there.tmux("kill-server")
