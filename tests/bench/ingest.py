"""`make bench-ingest`: how fast spans become readable steps, what that costs, and that what is stored is what was sent.

Traffic is made beforehand and sent by another process to a real `playhead up`. In the same run the floor and the usual
way store the same segments (floor.py, usual.py). PLAYHEAD_BENCH_SCALE=0.1 gives a quick look, and words after the
command name the only cases wanted (`light`, `heavy_http`, `deep_escaped`).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from pathlib import Path

from tests.bench.alone import bytes_alone
from tests.bench.case import Figures, judge, segments_of, store
from tests.bench.deep import Deep, Form, deep
from tests.bench.floor import Segment, what_adds
from tests.bench.folder import measure
from tests.bench.recent import START_NS
from tests.bench.sender import write_bodies
from tests.bench.subject import Subject
from tests.bench.traffic import heavy, light
from tests.bench.verify import deep_inputs, each_once, equal_in_every_field
from tests.bench.wire import Batch

from playhead_collector.store.address import parse_address
from playhead_collector.store.engine import Engine

_SCALE = float(os.environ.get("PLAYHEAD_BENCH_SCALE", "1"))
_DEEP_RUNS = max(2, round(5 * _SCALE))
_FORMS: tuple[Form, ...] = ("compact", "spaced", "escaped", "flattened")
# The next turn of a run comes when its model has answered, seconds after the one before. Sent as fast as it goes,
# a segment would hold many turns of a run, and its insert would find copies that it does not meet in life. So each
# batch is a segment of its own here.
_A_BATCH_A_SEGMENT = ("--linger-ms", "10", "--segment-mb", "1")


def main() -> None:
    measure(run)


def run(folder: Path) -> dict[str, object]:
    engine = Engine(parse_address(f"chdb://{folder / 'reference' / 'store'}"))
    found: dict[str, object] = {"scale": _SCALE}
    adds: dict[str, dict[str, float]] = {}
    _head()
    loads: dict[str, Callable[[], Iterator[Batch]]] = {
        "light": lambda: light(round(5_000 * _SCALE), start_ns=START_NS),
        "heavy": lambda: heavy(round(1_000 * _SCALE), start_ns=START_NS),
    }
    for load, batches in loads.items():
        file = folder / f"{load}.bodies"
        spans = write_bodies(file, batches())
        for protocol in ("http", "grpc"):
            case = f"{load}_{protocol}"
            if not _wanted(case):
                continue

            def verify(subject: Subject, file: Path = file, spans: int = spans) -> None:
                each_once(subject, spans)
                equal_in_every_field(subject, file)

            stored = store(folder / case, protocol, file, spans, verify)
            segments = segments_of(stored, file, folder)
            figures = judge(engine, stored, segments, folder)
            _row(case, figures)
            found[case] = asdict(figures)
            if protocol == "grpc":
                adds[load] = what_adds(engine, segments[:2])
            _tidy(folder, case, segments)
        file.unlink()
    found |= _deep(engine, folder)
    for load, parts in adds.items():
        print(f"\n{load}: {parts['all']:.1f} us of CPU a span in the store; of these add", end="")
        print(",".join(f" {name} {parts[name]:.1f}" for name in ("dialects", "messages", "runs")))
    found["adds_us_per_span"] = {
        load: {name: round(us, 2) for name, us in parts.items()} for load, parts in adds.items()
    }
    engine.close()
    return found


def _deep(engine: Engine, folder: Path) -> dict[str, object]:
    """Sent as fast as it goes, in one form, for the figures; and each form a batch a segment, for the bytes."""
    found: dict[str, object] = {}
    ratios: dict[str, float] = {}
    for case, form, flags in (
        ("deep_http", "compact", ()),
        *((f"deep_{form}", form, _A_BATCH_A_SEGMENT) for form in _FORMS),
    ):
        if not _wanted(case):
            continue
        told = deep(_DEEP_RUNS, form=form, start_ns=START_NS)
        file = folder / "deep.bodies"
        spans = write_bodies(file, told)

        def verify(subject: Subject, told: Deep = told, spans: int = spans) -> None:
            each_once(subject, spans)
            deep_inputs(subject, told)

        stored = store(folder / case, "http", file, spans, verify, flags)
        segments: list[Segment] = []
        if case == "deep_http":
            segments = segments_of(stored, file, folder)
            figures = judge(engine, stored, segments, folder)
            _row(case, figures)
            texts = [sum(map(len, run.messages)) / 1000 for run in told.runs()]
            found = asdict(figures) | {"text_kb_per_run": sum(texts) / len(texts), "steps_per_run": spans // len(texts)}
        else:
            ratios[form] = round(stored.bytes_on_disk / bytes_alone(engine, told), 2)
            print(
                f"{case:16}{ratios[form]:6.2f} times the unique messages compressed alone, on disk after background "
                f"merges; {len(stored.segments)} segments, {stored.peak_rss_mb:.0f} MB, {spans} inputs equal",
                flush=True,
            )
        _tidy(folder, case, segments)
        file.unlink()
    if not ratios:
        return {"deep_http": found}
    # Reached only where every input of every form was equal.
    return {"deep_http": found | {"bytes_ratio": max(ratios.values()), "bytes_ratios": ratios}, "deep_exact": True}


def _wanted(case: str) -> bool:
    return not sys.argv[1:] or any(case.startswith(word) for word in sys.argv[1:])


def _tidy(folder: Path, case: str, segments: list[Segment]) -> None:
    shutil.rmtree(folder / case)
    for segment in segments:
        segment.path.unlink()


def _head() -> None:
    names = [one.name for one in fields(Figures)]
    print(f"{'':16}" + "".join(f"{name:>19}" for name in names), flush=True)


def _row(case: str, figures: Figures) -> None:
    print(f"{case:16}" + "".join(f"{value:>19,}" for value in asdict(figures).values()), flush=True)


if __name__ == "__main__":
    main()
