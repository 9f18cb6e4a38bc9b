"""What an engine lays over Python, in the order in which it is laid: who runs when, what comes over the wire, what is
read of the world, what is started in it. Imported as an engine begins: these modules import the engine's themselves."""

from __future__ import annotations

from playhead.effects import (
    async_processes,
    audit,
    clock,
    entropy,
    environment,
    files,
    native_ids,
    processes,
    scanning,
    spawned,
    surroundings,
)
from playhead.lanes import (
    executors,
    forks,
    garbage,
    generators,
    loops,
    sharing,
    signals,
    tasks,
    threads,
    unfollowed,
)
from playhead.wire import aiohttp, httpx, urllib3, uvicorn

_SCHEDULING = (threads, executors, tasks, loops, generators, garbage, forks, signals, sharing, unfollowed)
_WIRE = (httpx, aiohttp, urllib3, uvicorn)
_READING = (clock, entropy, native_ids, environment, surroundings, files, scanning)
_STARTING = (processes, async_processes, spawned, audit)

PARTS = (*_SCHEDULING, *_WIRE, *_READING, *_STARTING)
