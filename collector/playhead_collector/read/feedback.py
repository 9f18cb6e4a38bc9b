"""What was said of a run from outside of it: its scores, labels and notes, with who said them and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playhead.feedback import NOTE
from playhead_collector.read.run import Node
from playhead_collector.read.value import of_attributes


@dataclass(frozen=True, slots=True)
class Said:
    """One score, label or note."""

    step_id: str
    """Its own."""
    of: str
    """The step that it is about; empty is the whole run."""
    name: str
    value: float | str | None
    comment: str
    by: str
    via: str
    at: datetime

    @property
    def words(self) -> str:
        """Without when it was said."""
        value = f"{self.value:g}" if isinstance(self.value, (int, float)) else self.value or ""
        what = " ".join(filter(None, ("" if self.name == NOTE and self.comment else self.name, value)))
        whose = f" (by {self.by})" if self.by else ""
        return ": ".join(filter(None, (what, self.comment))) + whose

    def as_json(self) -> dict[str, Any]:
        return {
            "step_id": self.step_id, "of": self.of or None, "name": self.name, "value": self.value,
            "comment": self.comment or None, "by": self.by or None, "via": self.via or None, "at": self.at,
        }  # fmt: skip


def feedback_of(nodes: Iterable[Node]) -> list[Said]:
    """The earliest first."""
    found = [_said(node) for node in nodes if node.step.from_outside and node.stored is not None]
    return sorted(found, key=lambda said: (said.at, said.step_id))


def _said(node: Node) -> Said:
    assert node.stored is not None
    said = of_attributes(node.stored.span.attributes)

    def text(key: str) -> str:
        return str(said.get(key) or "")

    value = said.get("gen_ai.evaluation.score.value")
    return Said(
        step_id=node.step.step_id,
        of=text("playhead.score.of"),
        name=text("gen_ai.evaluation.name"),
        value=float(value) if isinstance(value, (int, float)) else text("gen_ai.evaluation.score.label") or None,
        comment=text("gen_ai.evaluation.explanation"),
        by=text("playhead.score.by"),
        via=text("playhead.score.via"),
        at=node.step.start_time,
    )
