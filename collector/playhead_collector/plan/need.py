"""A load, and what it needs. Functions of figures: nothing here is measured, and nothing is looked up."""

from __future__ import annotations

import math
from dataclasses import dataclass

from playhead_collector.facade.limits import Limits
from playhead_collector.plan.figures import Figures

# Assumed, not measured: the share of a machine that a steady load may take, so that queries and merges have room.
CPU_SHARE = 0.5
# Assumed: parts that merges write beside those that they replace, and what arrives while somebody orders a disk.
DISK_SHARE = 0.7
GB = 1e9
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked. A run has a root, and in each turn a model call and its tool calls."""

    runs_per_day: float
    turns: float
    retention_days: float
    tools_per_turn: float = 1.0
    text_kb_per_turn: float = 1.0
    """What a turn adds to the conversation; each prompt sends all of it again."""
    peak: float = 4.0
    """How many times the day's average the busiest minutes are."""
    replicas: int = 2
    node_disk_gb: float = 2000.0
    node_cores: float = 16.0


@dataclass(frozen=True, slots=True)
class Need:
    """What it comes to. `arithmetic` is how, a line each."""

    steps_per_run: float
    sent_kb_per_step: float
    steps_per_s: float
    peak_steps_per_s: float
    disk_gb: float
    """Of one copy, with room for merges."""
    cores: float
    memory_gb: float
    """Of a collector with the embedded store: as measured under load, and one query at its limit."""
    collectors: int
    shards: int
    replicas: int
    embedded: bool
    """Whether one collector with the embedded store carries it."""
    arithmetic: tuple[str, ...]


def need_of(load: Load, figures: Figures) -> Need:
    steps = 1 + load.turns * (1 + load.tools_per_turn)
    prompts_kb = load.text_kb_per_turn * load.turns * (load.turns + 1) / 2
    least = figures.shapes[0].sent_kb
    sent_kb = least + prompts_kb / steps
    low, high = figures.between(sent_kb)
    rate = load.runs_per_day * steps / _DAY_S
    busiest = rate * load.peak
    text_kb = load.text_kb_per_turn * load.turns / steps
    disk_a_step = figures.disk_bytes_a_step + text_kb * figures.disk_bytes_a_kb
    kept = load.runs_per_day * steps * load.retention_days
    disk_gb = kept * disk_a_step / GB / DISK_SHARE
    cpu = figures.at(sent_kb, lambda shape: shape.cpu_s_per_1k)
    cores = busiest * cpu / 1000 / CPU_SHARE
    # Caches and merges, not the size of a step: it neither grows nor falls with that, so the most that was seen is it.
    rss = max(shape.peak_rss_mb for shape in figures.shapes)
    memory_gb = rss / 1000 + Limits().memory_bytes / GB
    collectors = max(1, math.ceil(cores / figures.cores))
    by_disk = math.ceil(disk_gb / load.node_disk_gb)
    by_cores = math.ceil(cores / load.node_cores)
    shards = max(1, by_disk, by_cores)
    embedded = shards == 1 and collectors == 1
    where = f"between {low.name} and {high.name}" if low is not high else f"as {low.name}"
    if sent_kb > figures.shapes[-1].sent_kb:
        where = f"beyond {high.name}, on the line from {low.name}: nothing so large was measured"
    arithmetic = (
        f"steps a run: 1 + {load.turns:g} turns x (1 + {load.tools_per_turn:g} tools) = {steps:g}",
        f"sent a step: {least:.3g} KB + {load.text_kb_per_turn:g} KB x {load.turns:g} x {load.turns + 1:g} / 2 of "
        f"prompts / {steps:g} steps = {sent_kb:.3g} KB ({where})",
        f"rate: {load.runs_per_day:g} runs x {steps:g} steps / {_DAY_S} s = {rate:.3g} steps/s; "
        f"x {load.peak:g} in the busiest minutes = {busiest:.3g} steps/s",
        f"disk a step: {figures.disk_bytes_a_step:g} B + {text_kb:.3g} KB of new text x "
        f"{figures.disk_bytes_a_kb:g} B/KB = {disk_a_step:.0f} B (a message is stored once, however often it is sent)",
        f"disk: {load.runs_per_day:g} runs x {steps:g} steps x {load.retention_days:g} days x {disk_a_step:.0f} B "
        f"/ {DISK_SHARE:g} for merges = {disk_gb:.3g} GB a copy",
        f"CPU: {busiest:.3g} steps/s x {cpu:.3g} s per 1,000 steps / {CPU_SHARE:g} of the machine = {cores:.3g} cores",
        f"memory: {rss:.0f} MB, the most of any load that was measured, + {Limits().memory_bytes / GB:.2g} GB for a "
        f"query at its limit = {memory_gb:.2g} GB",
        f"collectors: {cores:.3g} cores / {figures.cores} of a machine as the one measured = {collectors}",
        f"shards: the larger of {disk_gb:.3g} GB / {load.node_disk_gb:g} GB and {cores:.3g} cores / "
        f"{load.node_cores:g} = {shards}",
    )
    return Need(
        steps, sent_kb, rate, busiest, disk_gb, cores, memory_gb, collectors, shards,
        1 if embedded else load.replicas, embedded, arithmetic,
    )  # fmt: skip
