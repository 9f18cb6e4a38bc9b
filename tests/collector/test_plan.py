"""`playhead plan`: arithmetic that can be followed, on figures that were measured."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.bench.plan import NotWhole, figures
from tests.e2e.running import playhead_here

from playhead_collector.plan.figures import Figures, Shape, read_figures
from playhead_collector.plan.need import CPU_SHARE, DISK_SHARE, Load, need_of

_FIGURES = Figures(
    "a bench", "today", "a machine", 2, 500.0, 600.0,
    (Shape("small", 100, 1.0, 0.05, 400.0), Shape("large", 50, 11.0, 0.25, 800.0)),
)  # fmt: skip


def _case(spans: int, megabytes: float, cpu: float, rss: int, disk: float) -> dict[str, float]:
    return {"spans": spans, "megabytes": megabytes, "cpu_s_per_1k": cpu, "peak_rss_mb": rss, "bytes_per_span": disk}


_BENCH: dict[str, object] = {
    "scale": 1, "deep_exact": True,
    "light_http": _case(1000, 1.0, 0.1, 700, 280), "light_grpc": _case(1000, 1.0, 0.2, 600, 270),
    "heavy_http": _case(100, 0.9, 1.4, 640, 900), "heavy_grpc": _case(100, 0.9, 1.3, 630, 900),
    "deep_http": _case(1000, 77.0, 10.5, 680, 460) | {"text_kb_per_run": 150, "steps_per_run": 200},
}  # fmt: skip
_LOAD = Load(runs_per_day=86_400, turns=10, retention_days=30, text_kb_per_turn=21 / 11, peak=1)


def test_a_load_comes_to_what_its_arithmetic_says() -> None:
    need = need_of(_LOAD, _FIGURES)
    assert (need.steps_per_run, need.steps_per_s) == (21, 21)
    # 21/11 KB x 10 x 11 / 2 of prompts over 21 steps are 5 KB: half-way between both shapes.
    assert need.sent_kb_per_step == pytest.approx(6)
    assert need.disk_gb == pytest.approx(86_400 * 21 * 30 * (500 + 600 * 21 / 11 * 10 / 21) / 1e9 / DISK_SHARE)
    assert need.cores == pytest.approx(21 * 0.15 / 1000 / CPU_SHARE)
    assert (need.collectors, need.shards, need.embedded, need.replicas) == (1, 1, True, 1)


def test_more_than_one_machine_holds_is_sharded_by_what_runs_out_first() -> None:
    by_disk = need_of(replace(_LOAD, retention_days=3000), _FIGURES)
    assert by_disk.shards == 5 == -(-by_disk.disk_gb // 2000)
    by_cores = need_of(replace(_LOAD, runs_per_day=86_400 * 4000, retention_days=0.001), _FIGURES)
    assert by_cores.shards == 2 == -(-by_cores.cores // 16)
    assert (by_cores.collectors > 1, by_cores.embedded, by_cores.replicas) == (True, False, 2)


@pytest.mark.parametrize("turns", [1, 5, 50, 200, 1000, 10_000])
def test_no_more_turns_take_less(turns: int) -> None:
    measured = read_figures()
    fewer, more = (need_of(replace(_LOAD, turns=count), measured) for count in (turns, turns + 1))
    assert fewer.disk_gb < more.disk_gb
    assert fewer.cores < more.cores
    assert more.memory_gb >= max(shape.peak_rss_mb for shape in measured.shapes) / 1000


def test_what_was_never_measured_is_said_to_be_beyond() -> None:
    told = {turns: " ".join(need_of(replace(_LOAD, turns=turns), _FIGURES).arithmetic) for turns in (10, 500)}
    assert {turns: "nothing so large was measured" in text for turns, text in told.items()} == {10: False, 500: True}


def test_the_figures_say_how_and_when_they_were_measured() -> None:
    told = read_figures()
    assert told.command.startswith("make bench-")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", told.measured)
    assert len(told.shapes) >= 3


def test_a_bench_that_ran_whole_becomes_the_figures() -> None:
    """What `make bench-plan` writes is what the command reads; of each figure the protocol that took more."""
    told = tomllib.loads(figures(_BENCH, "a machine", datetime(2026, 1, 2, tzinfo=UTC)))
    assert (told["measured"], told["machine"], told["disk_bytes_a_step"]) == ("2026-01-02", "a machine", 280)
    assert told["disk_bytes_a_kb"] == round(460 * 200 / 150)
    assert {one["name"]: Shape(**one) for one in told["shapes"]} == {
        "light": Shape("light", 1000, 1.0, 0.2, 700), "heavy": Shape("heavy", 100, 9.0, 1.4, 640),
        "deep": Shape("deep", 1000, 77.0, 10.5, 680),
    }  # fmt: skip


@pytest.mark.parametrize(
    "less",
    [{"scale": 0.1}, {"scale": 1, "heavy_grpc": None}, {"deep_exact": False}],
    ids=["smaller", "part", "unequal"],
)
def test_a_plan_is_not_made_of_less_than_the_whole_bench(less: dict[str, object]) -> None:
    found = {name: value for name, value in (_BENCH | less).items() if value is not None}
    with pytest.raises(NotWhole):
        figures(found, "a machine", datetime(2026, 1, 2, tzinfo=UTC))


def test_the_command_shows_its_arithmetic_and_its_sources() -> None:
    words = ("plan", "--runs-per-day", "100_000", "--turns", "20", "--retention", "30")
    said = playhead_here(*words)
    assert said.status == 0, said.err
    told = read_figures()
    for part in ("100000 runs", "20 turns", "30 days", told.command, told.measured, f"{told.shapes[0].spans:,} light"):
        assert part in said.out
    [row] = playhead_here(*words[:-1], "30d", "--json").rows()
    assert row["steps_per_run"] == 41
    assert row["load"]["retention_days"] == 30
    assert row["figures"]["measured"] == told.measured


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--runs-per-day", "0"), ("--runs-per-day", "-5"), ("--runs-per-day", "many"), ("--turns", "nan"),
     ("--turns", "inf"), ("--retention", "1e30"), ("--retention", "30h"), ("--replicas", "0"), ("--node-disk", "0"),
     ("--tools-per-turn", "-1")],
)  # fmt: skip
def test_nonsense_is_refused_by_name(flag: str, value: str) -> None:
    words = {"--runs-per-day": "10", "--turns": "10", "--retention": "10", flag: value}
    said = playhead_here("plan", *(f"{name}={given}" for name, given in words.items()))
    assert said.status == 2
    assert flag in said.err
    assert value in said.err
