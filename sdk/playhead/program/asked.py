"""What `playhead record` tells the process of the program, through one variable of its environment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

VARIABLE = "PLAYHEAD_RECORD"


@dataclass(frozen=True, slots=True)
class Asked:
    name: str
    """Of the program: what the run is called."""
    service: str
    journal: str
    """The folder of journals."""
    process: str
    """The journal that is the program's own, made and held already."""
    lock: int
    """The descriptor that holds it. The command has it too, so nobody takes the journal before the command is done."""
    send: bool
    endpoint: str | None
    level: Literal["wire", "exact"]
    redact_fields: Sequence[str]
    redact_patterns: Sequence[str]
    pythonpath: str | None
    """As it was before the command put a folder before it."""
    hash_seed_is_ours: bool
    """PYTHONHASHSEED was set only so that the recording knows it."""

    def as_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Asked:
        return cls(**json.loads(text))
