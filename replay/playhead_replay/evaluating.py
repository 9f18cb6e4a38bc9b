"""A dataset's runs against this tree: each replayed, or run again live, and held against what it was.

Two ways: here, one recording after the other; or by a command such as pytest, once, which is told where the recordings
lie and leaves a line for each (`pytest.py`). A run that could not be tried is said to be so, and is never called equal.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client

from playhead.errors import PlayheadError, UsageError
from playhead.recorder.prices import Usage, cost_of, listed_prices
from playhead_collector.read.recording_export import export_recording
from playhead_replay.entry import root_around
from playhead_replay.errors import NotHere
from playhead_replay.launch import aside
from playhead_replay.pytest import RECORDINGS, VERDICTS
from playhead_replay.recording.find import from_file
from playhead_replay.recording.recording import Recording
from playhead_replay.replay import replay


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run came to. None is unknown, never zero."""

    outcome: str
    steps: int
    tokens: int | None = None
    cost_usd: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    """Those that the run gave itself, the last of each name."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    run_id: str
    status: str
    """`identical`, `diverged`, `live` (run again, not replayed), `refused` (could not be tried), or `not tried`."""
    what: str
    before: Figures | None = None
    after: Figures | None = None
    """None where nothing came of it that has figures of its own: a replay that is identical is what it was."""

    @property
    def changes(self) -> list[str]:
        """Of its figures, each as `what before → after`."""
        if self.before is None or self.after is None:
            return []
        was, now = asdict(self.before), asdict(self.after)
        pairs = [(name, was[name], now[name]) for name in ("outcome", "steps", "tokens", "cost_usd")]
        names = dict.fromkeys([*self.before.scores, *self.after.scores])
        pairs += [(name, self.before.scores.get(name), self.after.scores.get(name)) for name in names]
        return [f"{name} {_shown(a)} → {_shown(b)}" for name, a, b in pairs if a != b]

    @property
    def was_tried(self) -> bool:
        return self.status not in ("refused", "not tried")

    @property
    def is_worse(self) -> bool:
        """It diverged, could not be tried, failed where it did not, or gave itself a lower score, or none any more."""
        if self.status not in ("identical", "live"):
            return True
        if self.before is None or self.after is None:
            return False
        # A check that no longer comes about says nothing good: what it would have looked at may not be there.
        now = self.after.scores
        fell = any(name not in now or now[name] < score for name, score in self.before.scores.items())
        return fell or (self.before.outcome, self.after.outcome) == ("ok", "error")

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "changes": self.changes, "worse": self.is_worse}


def figures_of(recording: Recording) -> Figures:
    prompts = [step.attributes for step in recording.steps if step.kind == "prompt"]
    usages = [_usage(said) for said in prompts]
    known = [usage for usage in usages if usage is not None]
    costs = [cost_of(usage, listed_prices()) for usage in known]
    scores = {
        str(step.attributes.get("gen_ai.evaluation.name")): float(value)
        for step in recording.steps
        if step.kind == "score"
        and isinstance(value := step.attributes.get("gen_ai.evaluation.score.value"), (int, float))
    }
    is_whole = len(known) == len(usages)
    return Figures(
        "error" if recording.failed else "ok",
        len(recording.steps),
        sum(usage.input_tokens + usage.output_tokens for usage in known) if is_whole else None,
        sum(cost for cost in costs if cost is not None) if is_whole and None not in costs else None,
        scores,
    )


def _usage(said: Mapping[str, Any]) -> Usage | None:
    into, out = said.get("gen_ai.usage.input_tokens"), said.get("gen_ai.usage.output_tokens")
    if not isinstance(into, int) or not isinstance(out, int):
        return None
    model = str(said.get("gen_ai.response.model") or said.get("gen_ai.request.model") or "")
    cached = [said.get(f"gen_ai.usage.cache_{name}.input_tokens") for name in ("read", "creation")]
    read, written = (value if isinstance(value, int) else 0 for value in cached)
    return Usage(str(said.get("gen_ai.provider.name") or ""), model, into, out, read, written)


def evaluate(
    client: Client, runs: Sequence[str], words: Sequence[str], checkout: Path | None, tell: Callable[[Evaluated], None]
) -> list[Evaluated]:
    """In order of the runs; with the code of `checkout`, or else that around us.

    Raises UsageError where the command cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="playhead-eval-") as temporary:
        folder = Path(temporary)
        found: dict[str, Evaluated] = {}
        files: dict[str, Path] = {}
        figures: dict[str, Figures] = {}
        for run in runs:
            try:
                file = export_recording(client, run, folder / f"{run}.playhead", into=False).file
                figures[run] = figures_of(from_file(file))
                files[run] = file
            except PlayheadError as error:
                found[run] = Evaluated(run, "refused", str(error))
        if words:
            lines = _by_command(words, folder, len(files))
            for run, file in files.items():
                found[run] = _told(run, lines.get(file.name), figures.get(run), file)
        else:
            for run, file in files.items():
                found[run] = _replayed(run, file, figures[run], checkout)
        for run in runs:
            tell(found[run])
        return [found[run] for run in runs]


def _replayed(run: str, file: Path, before: Figures, checkout: Path | None) -> Evaluated:
    with tempfile.TemporaryFile() as output:
        try:
            recording = from_file(file)
            # Of code that was in no repository, nothing says that it is in the one around us.
            around = root_around(Path.cwd()) if recording.origin.get("code") else None
            _, verdict = replay(recording, checkout=checkout or around, run=aside(output))
        except NotHere as error:
            return Evaluated(
                run, "refused", f"{error.where_to}, or name one: playhead eval DATASET --in FOLDER", before
            )
        except PlayheadError as error:
            return Evaluated(run, "refused", str(error), before)
    return Evaluated(run, verdict.status, verdict.what, before)


def _by_command(words: Sequence[str], folder: Path, files: int) -> dict[str, dict[str, Any]]:
    verdicts = folder / "verdicts.jsonl"
    if files:
        environment = {**os.environ, RECORDINGS: str(folder), VERDICTS: str(verdicts)}
        try:
            # What the command prints is for people; data is what this one writes.
            subprocess.run(words, env=environment, stdout=2, check=False)
        except OSError as error:
            raise UsageError(f"{words[0]!r} cannot be started: {error.strerror}") from None
    lines = verdicts.read_text(encoding="utf-8").splitlines() if verdicts.exists() else []
    return {line["file"]: line for line in map(json.loads, lines)}


def _told(run: str, line: Mapping[str, Any] | None, before: Figures | None, file: Path) -> Evaluated:
    if line is None:
        return Evaluated(
            run, "not tried", "the command tried no recording of it: does it use playhead_replay.pytest?", before
        )
    if not line["live"] or line["status"] == "refused":
        return Evaluated(run, line["status"], line["what"], before)
    # Run again: the file is of the new run, and the replay that followed says only that it can be replayed.
    return Evaluated(run, "live", "run again", before, figures_of(from_file(file)))


def told_last_time(file: Path) -> dict[str, Evaluated]:
    """What `playhead eval --json` wrote, by run."""
    try:
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        return {
            one["run_id"]: Evaluated(
                one["run_id"], one["status"], one["what"], _figures(one["before"]), _figures(one["after"])
            )
            for one in lines
        }
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{file} is not what 'playhead eval --json' writes") from None


def since(last: Evaluated | None, now: Evaluated) -> Evaluated:
    """The same, held against last time instead of the recorded run."""
    if last is None or last.after is None or now.after is None:
        return now
    return Evaluated(now.run_id, now.status, now.what, last.after, now.after)


def is_news(last: Evaluated | None, now: Evaluated) -> bool:
    """Whether something is worse that was not last time."""
    return now.is_worse and not (
        last is not None and (last.status, last.what) == (now.status, now.what) and not now.changes
    )


def _figures(told: Mapping[str, Any] | None) -> Figures | None:
    return None if told is None else Figures(**told)


def _shown(value: Any) -> str:
    return "?" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
