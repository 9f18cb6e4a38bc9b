"""The month itself: 200,000 runs in the order in which they began, with what is wrong and with whom.

A seed gives the same month each time. Its rules share no figure with those of Playhead.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.proof.month.course import ordinary, scene
from tests.proof.month.faults import ALSO, FAULTS, OF_A_HABIT
from tests.proof.month.fleet import AGENTS, BEGIN_S, DAY_S, DAYS, Habit, wanted_at
from tests.proof.month.look_alikes import LOOK_ALIKES
from tests.proof.month.plan import INCIDENTS_EACH, Calendar, Plan, incidents
from tests.proof.month.releases import releases
from tests.proof.month.spells import LENGTH_S, RUNS_A_SPELL, SPELLS
from tests.proof.month.telling import SECOND, Told

FAULTY_RUNS = 30
"""Of each fault."""
LOOK_ALIKES_EACH = 10
"""Of each label."""
_SLOT_S = 600


@dataclass(frozen=True, slots=True)
class Month:
    seed: int
    plan: Plan
    _places: list[tuple[float, Habit, str, int]]

    def __len__(self) -> int:
        return len(self._places)

    def runs(self) -> Iterator[Told]:
        for number, (second, habit, what, which) in enumerate(self._places):
            rng = Random(f"{self.seed} {number}")
            at_ns = (BEGIN_S * SECOND) + int(second * SECOND)
            if what == "":
                yield ordinary(scene(rng, habit, self.plan, second, at_ns))
                continue
            if what in SPELLS:
                it = scene(rng, habit, self.plan, second, at_ns)
                if which % 2:
                    # One who tries again and again; the others are several who ask for the same.
                    it.telling.user = f"team-{which}"
                told = SPELLS[what][0](it)
                told.look_alike_of = what
                yield told
                continue
            course, _ = FAULTS[what] if which < 0 else LOOK_ALIKES[what][which]
            told = course(scene(rng, habit, self.plan, second, at_ns))
            if which >= 0:
                told.look_alike_of = what
            else:
                told.labels = [what, *ALSO.get(what, ())]
            yield told


def month(seed: int, runs: int = 200_000) -> Month:
    """With fewer runs, fewer of everything but of what is wrong with single runs."""
    rng = Random(seed)
    made, calendar = Plan(), Calendar()
    releases(rng, made, calendar)
    incidents(rng, made, calendar)
    share = min(1.0, runs / 20_000)
    labels = Counter(label for fault in FAULTS for label in (fault, *ALSO.get(fault, ())))
    special = [(fault, -1) for fault in FAULTS for _ in range(FAULTY_RUNS)]
    special += [
        (fault, number % len(courses))
        for fault, courses in LOOK_ALIKES.items()
        for number in range(int(labels[fault] * FAULTY_RUNS * LOOK_ALIKES_EACH * share))
    ]
    spells = int(INCIDENTS_EACH * LOOK_ALIKES_EACH * share)
    total = sum(habit.share for habit in AGENTS)
    places: list[tuple[float, Habit, str, int]] = []
    habits = {habit.name: habit for habit in AGENTS}
    for habit in AGENTS:
        wanted, at, sums = [], 0.0, 0.0
        while at < DAYS * DAY_S:
            sums += 0.0 if made.on("service_silent", habit.service, at) else wanted_at(habit, at)
            wanted.append(sums)
            at += _SLOT_S
        for _ in range(int((runs - len(special) - len(SPELLS) * spells * RUNS_A_SPELL) * habit.share / total)):
            slot = bisect(wanted, rng.random() * sums)
            places.append(((slot + rng.random()) * _SLOT_S, habit, "", 0))
    for fault, which in special:
        _, agents = FAULTS[fault] if which < 0 else LOOK_ALIKES[fault][which]
        habit = habits[rng.choice(agents)]
        # Where their agent is doing well, so that what is wrong with one run is told apart from what is wrong with all.
        since = DAY_S if which < 0 and fault in OF_A_HABIT else 0
        while not calendar.is_free(habit.name, second := _when_busy(rng, habit), second) or second < since:
            pass
        places.append((second, habit, fault, which))
    for fault, (_, agents) in SPELLS.items():
        for number in range(spells):
            habit = habits[rng.choice(agents)]
            begin = _when_busy(rng, habit)
            places += [(begin + rng.uniform(0, LENGTH_S), habit, fault, number) for _ in range(RUNS_A_SPELL)]
    places.sort(key=lambda place: place[0])
    return Month(seed, made, places)


def _when_busy(rng: Random, habit: Habit) -> float:
    while True:
        second = rng.uniform(0, DAYS - 0.1) * DAY_S
        if rng.random() < wanted_at(habit, second):
            return second
