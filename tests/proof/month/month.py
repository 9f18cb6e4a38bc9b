"""The month itself: 200,000 runs in the order in which they began, with what is wrong and with whom.

A seed gives the same month each time. Its rules share no figure with those of Playhead.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.proof.month.course import ordinary, scene
from tests.proof.month.faults import FAULTS
from tests.proof.month.fleet import AGENTS, BEGIN_S, DAY_S, DAYS, Habit, Plan, plan, wanted_at
from tests.proof.month.look_alikes import LOOK_ALIKES
from tests.proof.month.spells import LENGTH_S, RUNS_A_SPELL, SPELLS
from tests.proof.month.telling import SECOND, Told

FAULTY_RUNS = 30
"""Of each fault."""
LOOK_ALIKES_EACH = 300
SPELLS_EACH = 100
"""Of each fault of an agent or a tool, which there are ten of."""
_SLOT_S = 600


@dataclass(frozen=True, slots=True)
class Month:
    seed: int
    plan: Plan
    _places: list[tuple[float, Habit, str, int]]

    def __len__(self) -> int:
        return len(self._places)

    def runs(self) -> Iterator[Told]:
        habits = {habit.name: habit for habit in AGENTS}
        for number, (second, habit, what, which) in enumerate(self._places):
            rng = Random(f"{self.seed} {number}")
            at_ns = (BEGIN_S * SECOND) + int(second * SECOND)
            if what == "":
                yield ordinary(scene(rng, habit, self.plan, second, at_ns))
                continue
            if what in SPELLS:
                told = SPELLS[what][0](scene(rng, habit, self.plan, second, at_ns))
                told.look_alike_of = what
                yield told
                continue
            course, agents = FAULTS[what] if which < 0 else LOOK_ALIKES[what][which]
            it = scene(rng, habits[rng.choice(agents)], self.plan, second, at_ns)
            told = course(it)
            if which >= 0:
                told.look_alike_of = what
            else:
                told.labels = [what, *told.labels]
            yield told


def month(seed: int, runs: int = 200_000) -> Month:
    """With fewer runs, fewer of everything but of what is wrong with single runs."""
    rng = Random(seed)
    made = plan(rng)
    share = min(1.0, runs / 20_000)
    special = [(fault, -1) for fault in FAULTS for _ in range(FAULTY_RUNS)]
    special += [
        (fault, number % len(courses))
        for fault, courses in LOOK_ALIKES.items()
        for number in range(int(LOOK_ALIKES_EACH * share))
    ]
    spells = len(SPELLS) * int(SPELLS_EACH * share) * RUNS_A_SPELL
    silent = {one.subject: one.begin_s for one in made.incidents if one.fault == "service_silent"}
    total = sum(habit.share for habit in AGENTS)
    places: list[tuple[float, Habit, str, int]] = []
    habits = {habit.name: habit for habit in AGENTS}
    for habit in AGENTS:
        wanted, at, sums = [], 0.0, 0.0
        while at < DAYS * DAY_S:
            sums += wanted_at(habit, at) if at < silent.get(habit.service, DAYS * DAY_S) else 0.0
            wanted.append(sums)
            at += _SLOT_S
        for _ in range(int((runs - len(special) - spells) * habit.share / total)):
            slot = bisect(wanted, rng.random() * sums)
            places.append(((slot + rng.random()) * _SLOT_S, habit, "", 0))
    for fault, which in special:
        # Where their agent is doing well, so that what is wrong with one run is told apart from what is wrong with all.
        places.append((_when_busy(rng, AGENTS[0]), AGENTS[0], fault, which))
    for fault, (_, agents) in SPELLS.items():
        for _ in range(int(SPELLS_EACH * share)):
            habit = habits[rng.choice(agents)]
            begin = _when_busy(rng, habit)
            places += [(begin + rng.uniform(0, LENGTH_S), habit, fault, 0) for _ in range(RUNS_A_SPELL)]
    places.sort(key=lambda place: place[0])
    return Month(seed, made, places)


def _when_busy(rng: Random, habit: Habit) -> float:
    while True:
        second = rng.uniform(0, DAYS - 0.1) * DAY_S
        if rng.random() < wanted_at(habit, second):
            return second
