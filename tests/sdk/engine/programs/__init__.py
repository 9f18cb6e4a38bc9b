"""Programs whose course depends on who answers first, and how. Each returns all that it saw, in the order it saw it."""

from tests.sdk.engine.programs.asking import ask, ask_async
from tests.sdk.engine.programs.outside import async_processes, files, processes
from tests.sdk.engine.programs.tasks import (
    a_tool_that_raises,
    clocks_and_draws,
    gather_50,
    identical_prompts,
    killed_half_way,
    races,
    retries,
    sequential,
    sequential_httpx,
    sets_of_strings,
    spinning,
    streams,
    timeouts,
)
from tests.sdk.engine.programs.threads import (
    anyio_group,
    busy_and_given,
    busy_loop,
    executor,
    preempted,
    queues,
    threads,
    threads_and_loop,
    woken_from_outside,
)
from tests.sdk.engine.seen import seen

__all__ = [
    "a_tool_that_raises",
    "anyio_group",
    "ask",
    "ask_async",
    "async_processes",
    "busy_and_given",
    "busy_loop",
    "clocks_and_draws",
    "executor",
    "files",
    "gather_50",
    "identical_prompts",
    "killed_half_way",
    "preempted",
    "processes",
    "queues",
    "races",
    "retries",
    "seen",
    "sequential",
    "sequential_httpx",
    "sets_of_strings",
    "spinning",
    "streams",
    "threads",
    "threads_and_loop",
    "timeouts",
    "woken_from_outside",
]
