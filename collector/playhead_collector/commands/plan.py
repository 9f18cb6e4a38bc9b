"""`playhead plan`: disk, memory, CPU and shards for a load, from measured figures."""

from __future__ import annotations

import argparse
import dataclasses
import math

from playhead.printable import several
from playhead_collector.commands.common import add_json_argument, positive, write_json
from playhead_collector.plan.figures import Figures, read_figures
from playhead_collector.plan.need import Load, Need, need_of

# More than anybody has, so that a slip of a key is not an answer.
_MOST = 1e12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Every figure is one that a bench measured, in a file that says when and how; what is assumed is said. "
        "'make bench-plan' measures them anew."
    )
    parser.add_argument("--runs-per-day", type=_amount, required=True, help="runs that begin on a day")
    parser.add_argument("--turns", type=_amount, required=True, help="model calls in a run, on average")
    parser.add_argument("--retention", type=_days, required=True, metavar="DAYS", help="days that runs are kept")
    parser.add_argument("--tools-per-turn", type=_amount_or_none, default=1.0, help="tool calls a turn; default 1")
    parser.add_argument(
        "--text-per-turn",
        type=_amount,
        default=1.0,
        metavar="KB",
        help="what a turn adds to the conversation; default 1",
    )
    parser.add_argument("--peak", type=_amount, default=4.0, help="busiest minutes, as times the average; default 4")
    parser.add_argument("--replicas", type=positive, default=2, help="copies on a cluster; default 2")
    parser.add_argument("--node-disk", type=_amount, default=2000.0, metavar="GB", help="disk of a node; default 2000")
    parser.add_argument("--node-cores", type=_amount, default=16.0, help="cores of a node; default 16")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    load = Load(
        arguments.runs_per_day,
        arguments.turns,
        arguments.retention,
        arguments.tools_per_turn,
        arguments.text_per_turn,
        arguments.peak,
        arguments.replicas,
        arguments.node_disk,
        arguments.node_cores,
    )
    figures = read_figures()
    need = need_of(load, figures)
    if arguments.json:
        write_json([{"load": dataclasses.asdict(load), **dataclasses.asdict(need), "figures": _source(figures)}])
    else:
        print("\n".join(_lines(need, figures)))
    return 0


def _lines(need: Need, figures: Figures) -> list[str]:
    if need.embedded:
        first = "one collector with the embedded store"
    else:
        nodes = need.shards * need.replicas
        first = (
            f"{several(need.collectors, 'collector')}; ClickHouse with {several(need.shards, 'shard')} "
            f"x {several(need.replicas, 'replica')} = {several(nodes, 'node')}"
        )
    copies = "" if need.replicas == 1 else f" x {need.replicas} = {need.disk_gb * need.replicas:.3g} GB"
    return [
        first,
        f"disk {need.disk_gb:.3g} GB{copies}; {need.cores:.2g} cores; {need.memory_gb:.2g} GB of memory",
        "",
        *need.arithmetic,
        "",
        f"measured by {figures.command}, {figures.measured}, on {figures.machine}, from {_spans(figures)}. Assumed: a "
        "node half busy, a disk seven tenths full. A server's memory was not measured.",
    ]


def _spans(figures: Figures) -> str:
    """What each figure is from: a bench that was scaled down shows here."""
    return ", ".join(f"{shape.spans:,} {shape.name}" for shape in figures.shapes) + " steps"


def _source(figures: Figures) -> dict[str, str]:
    return {
        "command": figures.command, "measured": figures.measured, "machine": figures.machine, "from": _spans(figures),
    }  # fmt: skip


def _days(text: str) -> float:
    """30 or, as with --since, 30d."""
    return _amount(text.removesuffix("d"))


def _amount(text: str) -> float:
    number = _amount_or_none(text)
    if not number:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount above 0")
    return number


def _amount_or_none(text: str) -> float:
    try:
        number = float(text.replace("_", ""))
    except ValueError:
        number = math.nan
    # NaN is in no order.
    if not 0 <= number <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount between 0 and {_MOST:.0e}")
    return number
