"""Whether a replayed run is the recorded one, step by step; and where not, the first step at which it is another.

Steps are compared lane by lane, since what runs side by side may begin in either order without being another run. Ids,
times, and what a process says of its surroundings are not compared: they are another process's by nature.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playhead.lanes.divergence import differences
from playhead_replay.recording.steps import RecordedStep

# What a process says of itself, its machine and its code, or of how long something took.
_SURROUNDINGS = (
    "process.", "vcs.", "playhead.code.", "playhead.fork.", "service.", "telemetry.", "exception.stacktrace",
)  # fmt: skip
_NOT_COMPARED = frozenset(
    {
        "playhead.packages", "playhead.format", "playhead.record", "playhead.platform", "playhead.hash_seed",
        "playhead.lost", "playhead.run.steps", "playhead.approval.waited_s", "playhead.exit.signal",
        # Said of each transition that is compared; recordings of older recorders do not have it.
        "playhead.transition.terminal",
        "gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token",
    }
)  # fmt: skip
# What steps say only since some recordings that are kept were made: compared where the recorded one says it.
_SAID_LATER = frozenset({"playhead.tool.parameters"})
_OUTCOME = (
    "output.",
    "gen_ai.output",
    "gen_ai.response",
    "gen_ai.usage",
    "gen_ai.tool.call.result",
    "http.response",
    "status:",
    "error.",
    "events",
    "playhead.stdout",
    "playhead.cut",
    "exception.",
)
_TOKEN = re.compile(r"\[redacted:[a-z0-9-]+:[0-9a-f]{10}\]")


@dataclass(frozen=True, slots=True)
class StepDifference:
    """The first step that is not what was recorded."""

    number: int
    """Its place in the recorded run, from 1."""
    name: str
    kind: str
    lane: str
    what: str
    differences: Sequence[str] = ()


def first_difference(
    recorded: Sequence[RecordedStep], replayed: Sequence[RecordedStep], *, cut: bool = False
) -> StepDifference | None:
    """`cut`: the recording was cut off, so what the replay has more or further is no difference."""
    before, after = _by_lane(recorded), _by_lane(replayed)
    parents = _parents(recorded), _parents(replayed)
    found: list[_Found] = []
    for lane in [*before, *(lane for lane in after if lane not in before)]:
        one = _in_lane(before.get(lane, []), after.get(lane, []), parents, cut)
        if one is not None:
            found.append(one)
    # What a step gives is another where one within it is: the one within is where it began.
    causes = [
        one
        for one in found
        if not (
            one.is_outcome and any(_within(other.step, one.step, parents[0]) for other in found if other is not one)
        )
    ]
    return min((one.told for one in causes), key=lambda told: told.number, default=None)


@dataclass(frozen=True, slots=True)
class _Found:
    step: RecordedStep
    told: StepDifference
    is_outcome: bool = False
    """Only what came of the step differs, not what it was asked with."""


_Parents = tuple[Mapping[str, RecordedStep], Mapping[str, RecordedStep]]


def _in_lane(
    before: Sequence[RecordedStep], after: Sequence[RecordedStep], parents: _Parents, cut: bool
) -> _Found | None:
    outer: _Found | None = None
    for was, now in zip(before, after, strict=False):
        said = _compared(was, now, parents, cut)
        if not said:
            continue
        if outer is not None and not _within(was, outer.step, parents[0]):
            return outer
        told = _difference(was, f"{was.own_name} is not what was recorded", said)
        if not all(line.startswith(_OUTCOME) for line in said):
            return _Found(was, told)
        outer = _Found(was, told, is_outcome=True)
    if len(after) < len(before):
        missing = before[len(after)]
        if outer is None or _within(missing, outer.step, parents[0]):
            return _Found(missing, _difference(missing, f"{missing.own_name} was recorded here and did not happen"))
    elif len(after) > len(before) and not cut:
        more = after[len(before)]
        if outer is None or outer.step.parent is None:
            return _Found(more, _difference(more, f"{more.own_name} was not recorded and happened"))
    return outer


def _within(step: RecordedStep, outer: RecordedStep, steps: Mapping[str, RecordedStep]) -> bool:
    above = steps.get(step.parent or "")
    while above is not None and above.id != outer.id:
        above = steps.get(above.parent or "")
    return above is not None


def _compared(was: RecordedStep, now: RecordedStep, parents: _Parents, cut: bool) -> list[str]:
    if (was.kind, was.name) != (now.kind, now.name):
        return differences({"kind": was.kind, "step": was.name}, {"kind": now.kind, "step": now.name})
    above, above_now = parents[0].get(was.parent or ""), parents[1].get(now.parent or "")
    said_now = {key: value for key, value in _said(now).items() if key not in _SAID_LATER or key in was.attributes}
    known: dict[str, Any] = {"within": None if above is None else above.name}
    known_now: dict[str, Any] = {"within": None if above_now is None else above_now.name}
    if above is None:
        # The recorded one may stand beneath a step of another process, which is not here.
        known = known_now = {}
    if not was.ended:
        # It was cut: what it had said by then is all there is to compare.
        was_said = _said(was)
        now_said = _masked(said_now, was_said)
        return differences({**known, **was_said}, {**known_now, **{key: now_said.get(key) for key in was_said}})
    if cut and not now.ended:
        # The replay stopped within it: what it was asked with is known, what comes of it is not.
        was_said = _said(was)
        begun = _masked(said_now, was_said)
        return differences({key: was_said.get(key) for key in begun}, begun)
    return differences(
        {**known, **_said(was), "status": was.error if was.failed else "ok", "events": _events(was)},
        _masked(
            {**known_now, **said_now, "status": now.error if now.failed else "ok", "events": _events(now)},
            {**_said(was), "status": was.error},
        ),
    )


def _masked(now: dict[str, Any], was: Mapping[str, Any]) -> dict[str, Any]:
    """Where the recording has a token for a secret, a replay may have the secret, or another machine's token."""
    return {
        key: was[key] if key in was and _same_but_for_secrets(was[key], value) else value for key, value in now.items()
    }


def _same_but_for_secrets(was: Any, now: Any) -> bool:
    if not isinstance(was, str) or not isinstance(now, str) or "[redacted:" not in was:
        return False
    pattern = ".*?".join(re.escape(part) for part in _TOKEN.split(was))
    return re.fullmatch(pattern, now, re.DOTALL) is not None


def _said(step: RecordedStep) -> dict[str, Any]:
    return {
        key: value
        for key, value in step.attributes.items()
        if key not in _NOT_COMPARED and not key.startswith(_SURROUNDINGS)
    }


def _events(step: RecordedStep) -> list[Any]:
    return [
        [name, {key: value for key, value in details.items() if not key.startswith("exception.stacktrace")}]
        for name, details in step.events
    ]


def _by_lane(steps: Iterable[RecordedStep]) -> dict[str, list[RecordedStep]]:
    lanes: dict[str, list[RecordedStep]] = defaultdict(list)
    for step in steps:
        lanes[step.lane].append(step)
    return lanes


def _parents(steps: Iterable[RecordedStep]) -> dict[str, RecordedStep]:
    return {step.id: step for step in steps}


def _difference(step: RecordedStep, what: str, said: Sequence[str] = ()) -> StepDifference:
    return StepDifference(step.number + 1, step.own_name, step.kind, step.lane, what, said)
