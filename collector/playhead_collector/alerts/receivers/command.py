"""A command of the operator's: the message as JSON on its standard input, and no shell between."""

from __future__ import annotations

import json
import subprocess
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from playhead_collector.alerts.receivers.message import Message, Undelivered


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
                [program, *(message.filled(argument) for argument in arguments)],
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
