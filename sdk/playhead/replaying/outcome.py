"""How a replay ended, written by the process that was replayed and read by the one that started it.

It is written once, by whatever comes first, and survives the process: the agent may end by `os._exit` right after.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

How = Literal["done", "diverged", "ended", "refused", "stopped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    how: How
    """`done`: the program came to its end. `diverged`: it asked for what the recording does not hold. `ended`: the
    recording was cut off here. `refused`: this cannot be replayed. `stopped`: a fork may not, or cannot, go further."""
    what: str = ""
    lane: str = ""
    kind: str = ""
    differences: list[str] = field(default_factory=list)
    place: str = ""
    """The line of the agent's code that asked."""
    unasked: int = 0
    """Recorded effects that nobody asked for."""
    undelivered: int = 0
    unasked_first: str = ""
    forked: bool = False
    """The fork point was reached."""
    asked_world: int = 0
    """How many calls of a fork the world answered."""

    def write(self, file: Path) -> None:
        partial = file.with_name(f".{file.name}.{os.getpid()}")
        partial.write_text(json.dumps(asdict(self)), encoding="utf-8")
        try:
            os.link(partial, file)  # whoever comes second changes nothing
        except FileExistsError:
            pass
        finally:
            partial.unlink()

    @classmethod
    def read(cls, file: Path) -> Outcome | None:
        """None where the process left none: it was killed."""
        try:
            said: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(**said)
