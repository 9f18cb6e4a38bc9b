"""`playhead alerts backtest RULE --since 30d`: when a rule would have fired, and how other figures compare."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import product

from rich.table import Table
from rich.text import Text

from playhead.errors import UsageError
from playhead.printable import several
from playhead_collector.alerts.backtest import Firing, Span, backtest, plot
from playhead_collector.alerts.changed import store_time
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.alerts.settings import read_figures
from playhead_collector.commands.alerts.common import (
    add_rules_argument,
    add_settings_argument,
    check_parameters,
    pairs_of,
    rules_of,
)
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    console,
    one_line,
    positive,
    progress_bar,
    say,
    source_of,
    write_json,
)
from playhead_collector.read.runs import TIMES, parse_span
from playhead_collector.read.words import count, duration

_BUCKETS = 60
_PARTS = 1000


@dataclass(frozen=True, slots=True)
class _Variant:
    """The rule with some figures, and what came of it."""

    name: str
    firings: Sequence[Firing]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    add_rules_argument(parser)
    add_settings_argument(parser, "with the figures that are compared with, where they are not the rule's own")
    add_json_argument(parser)
    parser.add_argument("rule", help="the rule's name")
    parser.add_argument("--since", default="30d", help=f"from this time on: {TIMES}; default 30d")
    parser.add_argument("--until", default="now", help="up to this time; default now")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PARAMETER=VALUE",
        help="compare with this figure; repeatable: each of a parameter's with each of the others'",
    )
    parser.add_argument("--limit", type=positive, default=20, help="firings shown, the latest; default 20")


def run(arguments: argparse.Namespace) -> int:
    rules = rules_of(arguments)
    rule = next((one for one in rules.rules if one.name == arguments.rule), None)
    if rule is None:
        refused = next((error for error in rules.refused if error.path.stem == arguments.rule), None)
        raise refused or UsageError(f"there is no rule {arguments.rule!r}; 'playhead alerts list' shows them")
    rule = read_figures(arguments.settings).as_set(rule)
    chosen = pairs_of(arguments.set, "--set", "PARAMETER=VALUE")
    check_parameters(rule, chosen)
    with source_of(arguments) as source:
        now = store_time(source.client)
        span = Span.of(*parse_span(arguments.since, arguments.until, now), rule.every)
        admitted = Ruling(rule).admitted(source.client)
        variants = []
        for name, figures in _figures(rule, chosen):
            with progress_bar(f"{rule.name} {name}", _PARTS) as bar:
                firings = backtest(source.client, admitted, figures, span, partial(_draw, bar))
            variants.append(_Variant(name, firings))
    if arguments.json:
        for variant in variants:
            write_json([{"kind": "figures", "figures": variant.name, "firings": len(variant.firings)}])
            write_json(_as_json(variant, firing) for firing in variant.firings)
        return 0
    _show(rule, variants, span, arguments.limit)
    return 0


def _draw(bar: Callable[[int], None], done: int, of: int) -> None:
    bar(_PARTS * done // max(of, 1))


def _figures(rule: Rule, chosen: Sequence[tuple[str, str]]) -> list[tuple[str, Mapping[str, str]]]:
    """As it is asked, and with what is tried, if anything: each figure of a parameter with each of the others'."""
    by_parameter: dict[str, list[str]] = {}
    for name, value in chosen:
        by_parameter.setdefault(name, []).append(value)
    sets: list[Mapping[str, str]] = [{}]
    if chosen:
        sets += [dict(zip(by_parameter, values, strict=True)) for values in product(*by_parameter.values())]
    return [(_name(rule, one), one) for one in sets]


def _name(rule: Rule, chosen: Mapping[str, str]) -> str:
    return " ".join(f"{one.name}={chosen.get(one.name, one.default)}" for one in rule.parameters)


def _show(rule: Rule, variants: Sequence[_Variant], span: Span, limit: int) -> None:
    out = console()
    if not rule.about_runs:
        say(f"asked every {duration(span.step.total_seconds())}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("figures")
    for title in ("fired", "runs", "firing", "longest"):
        table.add_column(title, justify="right")
    table.add_column(f"{span.since:%m-%d %H:%M} … {span.until:%m-%d %H:%M} UTC", no_wrap=True)
    for variant in variants:
        lasted = [firing.lasted(span.until) for firing in variant.firings]
        runs = {run for firing in variant.firings for run in firing.runs}
        whole, longest = sum(lasted, timedelta()), max(lasted, default=timedelta())
        table.add_row(
            variant.name, count(len(lasted)), count(len(runs)),
            duration(whole.total_seconds()), duration(longest.total_seconds()),
            Text(plot(variant.firings, span, _BUCKETS), style="red"),
        )  # fmt: skip
    out.print(table)
    if len(variants) > 1:
        out.print(Text(f"with {variants[-1].name}:"))
    _show_firings(variants[-1], span, limit)


def _show_firings(variant: _Variant, span: Span, limit: int) -> None:
    if not variant.firings:
        say("it would not have fired")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("fired UTC", "for", "group", "runs", "what"):
        table.add_column(title)
    for firing in variant.firings[-limit:]:
        group = " ".join(value[:24] for name, value in firing.group if name != "run_id")
        runs = (
            firing.runs[0][:12] + (f" +{len(firing.runs) - 1}" if len(firing.runs) > 1 else "") if firing.runs else ""
        )
        table.add_row(
            f"{firing.fired_at:%m-%d %H:%M:%S}", duration(firing.lasted(span.until).total_seconds()),
            one_line(group, 30), runs, one_line(firing.summary, 90),
        )  # fmt: skip
    console().print(table)
    left = len(variant.firings) - limit
    if left > 0:
        say(f"and {several(left, 'firing')} before these; --limit shows more, --json all")


def _as_json(variant: _Variant, firing: Firing) -> dict[str, object]:
    return {
        "kind": "firing",
        "figures": variant.name,
        "group": dict(firing.group),
        "fired_at": firing.fired_at,
        "over_at": firing.over_at,
        "value": firing.value,
        "summary": firing.summary,
        "run_ids": list(firing.runs),
    }
