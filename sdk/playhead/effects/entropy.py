"""Randomness: `os.urandom` is recorded; `random` costs one record a lane.

Without a seed of its own, the module-level generator of `random` is one a lane, seeded at its first draw from recorded
entropy: the draws are a function of the lane, so concurrent runs do not disturb each other, in a process or in a slice
of it. Once the agent seeds it, it is what Python says it is: one for all, from that seed. `Random()`, `uuid`, `secrets`
and numpy get their entropy from `os.urandom`.
"""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Callable
from typing import Any

from playhead.lanes.actor import current_actor, outside
from playhead.lanes.engine import Engine
from playhead.lanes.who import TRANSPARENT, called_by_agent

# A module of C that draws as it is imported (numpy's generator) has no frame of its own: whoever imports it draws.
THROUGH = TRANSPARENT | {"importlib._bootstrap", "importlib._bootstrap_external"}

DRAWS = (
    "random", "uniform", "triangular", "randint", "choice", "randrange", "sample", "shuffle", "choices",
    "normalvariate", "lognormvariate", "expovariate", "vonmisesvariate", "gammavariate", "gauss", "betavariate",
    "binomialvariate", "paretovariate", "weibullvariate", "getrandbits", "randbytes",
)  # fmt: skip


def install(engine: Engine) -> None:
    real_urandom = os.urandom
    seeded = False  # by the agent: from then on there is one generator again

    def urandom(size: int) -> bytes:
        actor = current_actor()
        if actor is None or not called_by_agent(2, THROUGH):
            return real_urandom(size)
        return bytes.fromhex(engine.value(actor, "os.urandom", str(size), lambda: real_urandom(size).hex()))

    def draw(name: str, shared: Callable[..., Any]) -> Callable[..., Any]:
        def drawn(*args: Any, **kwargs: Any) -> Any:
            actor = current_actor()
            if actor is None or not called_by_agent():
                return shared(*args, **kwargs)
            if seeded:
                engine.used(random, "random, seeded by the program")
                return shared(*args, **kwargs)
            lane = engine.lane(actor)
            own = lane.random
            if own is None:
                seed = engine.value(actor, "random", "seed", lambda: real_urandom(16).hex())
                own = lane.random = random.Random(int(seed, 16))  # noqa: S311 - it stands in for `random`
            return getattr(own, name)(*args, **kwargs)

        drawn.__name__ = drawn.__qualname__ = name
        return drawn

    def seed(*args: Any, **kwargs: Any) -> None:
        nonlocal seeded
        if current_actor() is not None and called_by_agent():
            seeded = True
        shared_seed(*args, **kwargs)

    def setstate(state: Any) -> None:
        nonlocal seeded
        if current_actor() is not None and called_by_agent():
            seeded = True
        shared_setstate(state)

    def seed_generator(generator: random.Random, a: Any = None, version: int = 2) -> None:
        if a is None and current_actor() is not None and called_by_agent():
            a = int.from_bytes(urandom_of_agent(32), "big")
        real_seed(generator, a, version)

    def urandom_of_agent(size: int) -> bytes:
        actor = current_actor()
        assert actor is not None
        return bytes.fromhex(engine.value(actor, "os.urandom", str(size), lambda: real_urandom(size).hex()))

    shared_seed, shared_setstate, real_seed = random.seed, random.setstate, random.Random.seed
    patches = engine.patches
    patches.function(os, "urandom", urandom)
    patches.set(random, "_urandom", urandom)
    patches.set(random.Random, "seed", seed_generator)
    patches.function(random, "seed", seed)
    patches.function(random, "setstate", setstate)
    for name in DRAWS:
        if hasattr(random, name):
            patches.function(random, name, draw(name, getattr(random, name)))
    # uuid1 from C would read the clock behind our back; in Python it reads what is patched.
    patches.set(uuid, "_generate_time_safe", None)
    # The machine's address: `uuid` runs a program to find it.
    real_getnode = uuid.getnode

    def getnode() -> int:
        actor = current_actor()
        if actor is None or not called_by_agent():
            return real_getnode()
        return int(engine.value(actor, "uuid.getnode", "", lambda: outside(real_getnode)))

    patches.function(uuid, "getnode", getnode)
