"""What journals hold, for the proofs of the SDK: the steps of each run, and what is missing from them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playhead.journal.reader import read_journal

SEQUENCE = "playhead.sequence"


@dataclass
class Told:
    """All that the journals under a folder hold, of however many processes."""

    started: list[list[Any]] = field(default_factory=list)
    ended: list[list[Any]] = field(default_factory=list)
    effects: list[list[Any]] = field(default_factory=list)

    @property
    def holes(self) -> list[str]:
        """Runs whose numbers do not go from 0 to their last, each once."""
        runs: dict[str, Counter[int]] = {}
        for start in self.started:
            runs.setdefault(start[1], Counter())[start[7][SEQUENCE]] += 1
        return [
            f"run {run}: {sorted(numbers.elements())}"
            for run, numbers in runs.items()
            if numbers != Counter(range(len(numbers)))
        ]

    @property
    def twice(self) -> int:
        """Starts or ends of one step that are there more than once."""
        return sum(
            count - 1
            for records in (self.started, self.ended)
            for count in Counter((one[1], one[2]) for one in records).values()
        )

    @property
    def orphans(self) -> int:
        """Ends without a start, and steps whose parent is not there."""
        begun = {(one[1], one[2]) for one in self.started}
        return sum((one[1], one[2]) not in begun for one in self.ended) + sum(
            one[3] is not None and (one[1], one[3]) not in begun for one in self.started
        )

    @property
    def open(self) -> int:
        return len({(one[1], one[2]) for one in self.started} - {(one[1], one[2]) for one in self.ended})

    def lacks(self, seen: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """What an agent saw and these do not hold."""
        finished = {(one[1], one[2]): one[7] for one in self.ended}
        results, states, answers = set(), set(), []
        for start in self.started:
            added = finished.get((start[1], start[2]))
            if added is None:
                continue
            results.add(added.get("gen_ai.tool.call.result"))
            states.add(start[7].get("playhead.transition.to"))
            answers.append(added.get("gen_ai.output.messages") or "")
        drawn = {json.dumps(one[6]) for one in self.effects if one[0] == "f"}
        said = "\n".join(answers)
        pieces = {one[1]: one[2] for one in self.effects if one[0] == "p"}
        chunks = "".join(_text(one[4], pieces) for one in self.effects if one[0] == "c" and one[2] == "chunk")
        there: dict[str, Callable[[str], bool]] = {
            "begun": lambda _: True,
            "tool": lambda value: value in results,
            "tools": lambda value: value in results,
            "state": lambda value: value in states,
            "prompt": lambda value: json.dumps(value, ensure_ascii=False)[1:-1] in said,
            "draw": lambda value: json.dumps(["=", value]) in drawn,
            "chunk": lambda value: value in chunks,
        }
        return [(what, value) for what, value in seen if not there[what](value)]


def _text(outcome: Any, pieces: dict[str, Any]) -> str:
    held = outcome[1][0] if outcome and outcome[0] == "=" and outcome[1] else ""
    if isinstance(held, dict):
        return "".join(str(pieces[key]) for key in held["pieces"])
    return str(held)


def told(root: Path) -> Told:
    """Everything under a folder of journals, or in one journal."""
    found = Told()
    for folder in _journals(root):
        for record in read_journal(folder):
            if record[0] == "s":
                found.started.append(record)
            elif record[0] == "e":
                found.ended.append(record)
            elif record[0] == "r":
                found.effects.append(record[2])
    return found


def _journals(root: Path) -> Iterator[Path]:
    if (root / "lock").exists():
        yield root
    elif root.exists():
        yield from (entry for entry in sorted(root.iterdir()) if (entry / "lock").exists())


def seen_in(path: Path) -> list[tuple[str, str]]:
    """A torn last line was not seen whole."""
    lines = path.read_bytes().split(b"\n")[:-1]
    return [(what, value) for what, value in map(json.loads, lines)]
