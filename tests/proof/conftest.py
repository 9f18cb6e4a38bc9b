from __future__ import annotations

import os
import time
from collections.abc import Iterator
from random import Random

import pytest


@pytest.fixture
def seed() -> int:
    """Printed with the figures; PROOF_SEED repeats one."""
    return int(os.environ.get("PROOF_SEED", "0")) or time.time_ns() % 1_000_000


@pytest.fixture
def rng(seed: int) -> Random:
    return Random(seed)


@pytest.fixture(autouse=True)
def _apart() -> Iterator[None]:
    """The figures of a proof begin on a line of their own."""
    print()
    yield
