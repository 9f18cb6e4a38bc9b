"""A tool that an agent calls in a thread is a step of its run, whoever made the thread and when."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

import playhead
from playhead.testing import recording

THEIRS: ContextVar[str] = ContextVar("theirs", default="nothing")


@playhead.tool
def look_up(order: int) -> tuple[int, str]:
    return order, THEIRS.get()


def in_a_pool(orders: list[int]) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(look_up, orders))


def in_threads(orders: list[int]) -> None:
    threads = [threading.Thread(target=look_up, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_a_loops_executor(orders: list[int]) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(None, look_up, order) for order in orders))

    asyncio.run(main())


def in_a_thread_of_a_thread(orders: list[int]) -> None:
    thread = threading.Thread(target=in_threads, args=(orders,))
    thread.start()
    thread.join()


@pytest.mark.parametrize("call", [in_a_pool, in_threads, in_a_loops_executor, in_a_thread_of_a_thread])
def test_each_is_a_step_of_the_run_that_began_it(call: Any) -> None:
    @playhead.agent
    def run() -> None:
        with playhead.context(user="ada"):
            call([1, 2, 3])

    with recording() as recorded:
        run()
    assert len(recorded.runs) == 1
    assert [step.attributes["user.id"] for step in recorded.children(recorded.one("run"))] == ["ada"] * 3


def test_a_pool_that_outlives_its_runs_keeps_them_apart() -> None:
    @playhead.agent
    def run(pool: ThreadPoolExecutor, user: str) -> None:
        with playhead.context(user=user):
            list(pool.map(look_up, range(3)))

    with recording() as recorded, ThreadPoolExecutor(1) as pool:
        run(pool, "ada")
        run(pool, "bob")
        look_up(9)
        pool.submit(look_up, 10).result()
    first, second = recorded.named("run")
    assert len(recorded.children(first)) == len(recorded.children(second)) == 3
    assert {step.attributes["user.id"] for step in recorded.children(second)} == {"bob"}
    assert [step.parent_id for step in recorded.named("look_up")[-2:]] == [None, None]
    assert "user.id" not in recorded.named("look_up")[-1].attributes


def test_workers_of_a_pool_do_not_stay_with_the_run_that_made_them() -> None:
    pools: list[ThreadPool] = []

    @playhead.agent
    def run() -> None:
        pools.append(ThreadPool(1))

    with recording() as recorded:
        run()
        pools[0].apply(look_up, (1,))
        pools[0].close()
        pools[0].join()
    assert recorded.one("look_up").parent_id is None


def test_limits_go_along() -> None:
    with recording(), pytest.raises(playhead.LimitExceeded), playhead.limits(max_steps=2):
        in_a_pool([1, 2, 3])


def test_what_is_not_ours_stays_where_it_was() -> None:
    @playhead.agent
    def run() -> Any:
        THEIRS.set("something")
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(look_up, 1).result()

    with recording():
        assert run() == (1, "nothing")
