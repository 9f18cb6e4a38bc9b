"""A command of the operator's: the message as JSON on its standard input, and no shell between."""

from __future__ import annotations

import json
import subprocess
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from playhead.printable import printable
from playhead_collector.alerts.receivers.message import Message, Undelivered

_LONGEST = 4000
"""Characters of a word in an argument. A program takes no argument above 128 KiB; all is on its standard input."""


class Command(BaseModel):
    """A program and its arguments, which are templates."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["command"]
    command: list[str] = Field(min_length=1)
    timeout_s: float = Field(default=30, gt=0, le=600)

    def send(self, message: Message) -> None:
        program, *arguments = self.command
        try:
            done = subprocess.run(
                [program, *(message.filled(argument, _said) for argument in arguments)],
                input=json.dumps(message.as_json()).encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=self.timeout_s,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:
            raise Undelivered(f"the command could not be run: {type(error).__name__}") from None
        if done.returncode != 0:
            raise Undelivered(f"the command ended with {done.returncode}")


def _said(word: str) -> str:
    """What agents said may hold what no argument can: a zero byte, or a text without end."""
    said = printable(word)
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
