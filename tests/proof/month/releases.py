"""Releases of the generated month: new versions, models and prompts. A few are worse, and those are taken back."""

from __future__ import annotations

from random import Random

from tests.proof.month.fleet import AGENTS, DAY_S, DAYS, Habit, models_after, price_of
from tests.proof.month.plan import FIRST_DAY, Calendar, Incident, Plan, Release

# What got worse with a release, by how much at the least and at the most.
_WORSE = {"success": (0.12, 0.4), "cost": (2.0, 5.0), "steps": (2.0, 4.0), "latency": (2.0, 4.0), "pattern": (0.5, 1.0)}
_SOMETIMES_WORSE = ("support", "translator", "billing", "researcher")
# Some release twice a day, some once, the others never.
_A_DAY = {
    "support": 2, "translator": 2, "triage": 2, "scraper": 2, "notifier": 2,
    "coder": 2, "deployer": 2, "analyst": 2, "indexer": 2, "billing": 1, "researcher": 1,
}  # fmt: skip
Changes = tuple[str, ...]
_CHANGES: tuple[Changes, ...] = ((), ("model",), ("prompt",), ("model", "prompt"))


def releases(rng: Random, made: Plan, calendar: Calendar) -> None:
    # Of the bad ones as many have a new model as have none, and so with prompts; of the others most have either.
    for_bad = list(_CHANGES) * (len(_SOMETIMES_WORSE) * len(_WORSE) // len(_CHANGES))
    rng.shuffle(for_bad)
    for habit in AGENTS:
        bad: dict[int, tuple[str, Changes]] = {}
        if habit.name in _SOMETIMES_WORSE:
            days = rng.sample(range(FIRST_DAY + 1, DAYS - 3, 3), len(_WORSE))
            bad = {day: (worse, for_bad.pop()) for day, worse in zip(days, _WORSE, strict=True)}
        series = _Series(habit, sum("model" in changes for _, changes in bad.values()))
        back_s = 0.0
        for day in range(3, DAYS - 1):
            if day in bad:
                worse, changes = bad[day]
                at = day * DAY_S + rng.uniform(8, 10) * 3600
                # Taken back that night or the next: the version before it runs on.
                back_s = (day + 1 + (rng.random() < 0.5)) * DAY_S
                before, strength = series.last, rng.uniform(*_WORSE[worse])
                version = series.release(at, f"1.{day}.0", changes, worse, strength)
                series.take_back(before, back_s)
                made.add(Incident("release", f"{habit.name} {version}", at, back_s, strength, worse))
                calendar.take(habit.name, at, back_s)
            elif day * DAY_S >= back_s:
                for number in range(_A_DAY.get(habit.name, 0)):
                    at = day * DAY_S + (rng.uniform(8, 10) + 6 * number) * 3600
                    series.release(at, f"1.{day}.{number}", rng.choice(_CHANGES[1:]))
        made.releases[habit.name] = series.row


class _Series:
    """The releases of one agent, one after the other."""

    def __init__(self, habit: Habit, models_kept: int) -> None:
        self.last = Release(habit.name, "1.0.0", 0.0, habit.model, 0)
        self.row = [self.last]
        self._models = models_after(habit.model)
        self._models_kept = models_kept
        """Models that its bad releases will need."""
        self._prompts = 0

    def release(self, at_s: float, version: str, changes: Changes, worse: str = "", strength: float = 1.0) -> str:
        """One whose model or prompt its agent never had."""
        last = self.last
        model, prompt = last.model, last.prompt
        self._models_kept -= bool(worse) and "model" in changes
        if "model" in changes and len(self._models) > self._models_kept:
            model = self._models.pop(0)
        if "prompt" in changes:
            self._prompts += 1
            prompt = self._prompts
        saves = price_of(last.model) / price_of(model)
        self.last = Release(last.agent, version, at_s, model, prompt, worse, strength, saves)
        self.row.append(self.last)
        return version

    def take_back(self, to: Release, at_s: float) -> None:
        self.last = Release(to.agent, to.version, at_s, to.model, to.prompt)
        self.row.append(self.last)
