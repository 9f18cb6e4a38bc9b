"""What somebody says of a run from outside of it, days later perhaps: a score, a label or a note, of it or of a step.

It becomes a step of kind `score` whose own word for its kind is `feedback`, so that nothing takes it for what the run
did: a run's status, times and sums are without it, and so are replays and comparisons. Whoever says it, over HTTP, from
the command line or from another process, the step is made here, and the same thing said twice is one step.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

KIND = "feedback"
LABEL = "label"
NOTE = "note"


@dataclass(frozen=True, slots=True)
class Feedback:
    """One thing said. A label is a text as the value of `label`; a note is a comment under the name `note`."""

    run: str
    name: str
    value: float | str | None
    """A figure, or a word for how it was; None where there is but a comment."""
    step: str = ""
    """The step that it is about; empty is the whole run."""
    comment: str = ""
    by: str = ""
    via: str = ""
    """How it came: `http`, `cli`, `terminal`, `sdk`, or what it was imported from."""
    key: str = ""
    """What is said again of a run under one key replaces what was said; without a key the same is said once."""

    @property
    def step_id(self) -> str:
        """Its own: the same for the same thing, whoever sends it and how often."""
        said = ("key", self.key) if self.key else ("said", self.step, self.name, self.value, self.comment, self.by)
        return hashlib.blake2b(repr((self.run, *said)).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    @property
    def title(self) -> str:
        """The name of its step."""
        return self.name if self.name in (LABEL, NOTE) else f"score {self.name}"

    def attributes(self) -> Mapping[str, str | float]:
        said: dict[str, str | float] = {"playhead.kind": KIND, "gen_ai.evaluation.name": self.name}
        if isinstance(self.value, str):
            said["gen_ai.evaluation.score.label"] = self.value
        elif self.value is not None:
            said["gen_ai.evaluation.score.value"] = float(self.value)
        more = {
            "gen_ai.evaluation.explanation": self.comment,
            "playhead.score.of": self.step,
            "playhead.score.by": self.by,
            "playhead.score.via": self.via,
        }
        return said | {key: text for key, text in more.items() if text}


def is_run_id(text: str) -> bool:
    """32 hex digits in lower case, not all of them zero."""
    return re.fullmatch(r"[0-9a-f]{32}", text) is not None and set(text) != {"0"}


def is_step_id(text: str) -> bool:
    """16 hex digits in lower case, not all of them zero."""
    return re.fullmatch(r"[0-9a-f]{16}", text) is not None and set(text) != {"0"}
