"""Runs of many turns whose prompts grow to 150 KB: what breaks trace stores.

A bench asks a `Deep` for its batches, then for the exact text of each message and the exact value of each
input, to compare them byte for byte. Those are put together when asked for: kept, they would be 15 MB a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from tests.bench.conversation import TARGET_BYTES, Message, converse
from tests.bench.forms import Form, Writing, writing
from tests.bench.wire import CLIENT, SECOND, START_NS, Batch, BenchSpan, batch

__all__ = ["TARGET_BYTES", "Deep", "DeepInput", "DeepRun", "Form", "deep"]

_TURN_NS = 20 * SECOND


@dataclass(frozen=True, slots=True)
class DeepRun:
    """The unique text of a run, each piece exactly as it stands on the wire.

    `messages` is what the last input holds: turn n's, from 0, is the first 2n + 2 of them; flattened, a
    message is its values, a line each. `outputs` is what the model said in each turn, with its finish reason.
    """

    run_id: str
    messages: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeepInput:
    """The input of one prompt span: the attributes that carry it, in order, and their exact values."""

    run_id: str
    span_id: str
    values: Mapping[str, str]


def deep(runs: int, turns: int = 200, form: Form = "compact", seed: int = 1, *, start_ns: int = START_NS) -> Deep:
    """Iterating over it yields a batch a turn, with one prompt span of each run."""
    rng = Random(f"{seed}/{form}")
    return Deep([_Run(rng, turns, form) for _ in range(runs)], turns, start_ns)


class Deep:
    """Batches by iteration, as often as wanted, and the truth about them."""

    def __init__(self, runs: list[_Run], turns: int, start_ns: int) -> None:
        self._runs = runs
        self._turns = turns
        self._start_ns = start_ns

    def __iter__(self) -> Iterator[Batch]:
        for turn in range(self._turns):
            yield batch([run.span(turn, self._start_ns + turn * _TURN_NS) for run in self._runs])

    def runs(self) -> Iterator[DeepRun]:
        for run in self._runs:
            yield DeepRun(run.trace_id.hex(), tuple(run.texts[: 2 * self._turns]), run.outputs())

    def inputs(self) -> Iterator[DeepInput]:
        """In the order of the batches."""
        for turn in range(self._turns):
            for run in self._runs:
                yield run.given(turn)

    def inputs_of(self, run_id: str) -> Iterator[DeepInput]:
        """Of one run, turn by turn."""
        for run in self._runs:
            if run.trace_id.hex() == run_id:
                yield from (run.given(turn) for turn in range(self._turns))


class _Run:
    """A conversation with the ids under which it is sent."""

    def __init__(self, rng: Random, turns: int, form: Form) -> None:
        self._writing: Writing = writing(form)
        self.trace_id = rng.randbytes(16)
        self.span_ids = [rng.randbytes(8) for _ in range(turns)]
        self._session = f"session-{rng.getrandbits(40):010x}"
        self._messages: list[Message] = converse(
            rng,
            turns,
            soiled=form in ("escaped", "flattened"),
            size=lambda message: len(self._writing.text(message)),
        )
        self.texts = [self._writing.text(message) for message in self._messages]

    def input(self, turn: int) -> dict[str, str]:
        until = 2 * turn + 2
        return self._writing.input(self._messages[:until], self.texts[:until])

    def given(self, turn: int) -> DeepInput:
        return DeepInput(self.trace_id.hex(), self.span_ids[turn].hex(), self.input(turn))

    def outputs(self) -> tuple[str, ...]:
        return tuple("\n".join(self._output(turn).values()) for turn in range(len(self.span_ids)))

    def span(self, turn: int, start_ns: int) -> BenchSpan:
        said, answer = self.input(turn), self._output(turn)
        tokens_in, tokens_out = (sum(map(len, values.values())) // 4 for values in (said, answer))
        return BenchSpan(
            trace_id=self.trace_id,
            span_id=self.span_ids[turn],
            # The agent's own span is left out, so that a batch is prompts and nothing else.
            parent_id=b"",
            name=self._writing.span_name,
            kind=CLIENT,
            start_ns=start_ns,
            end_ns=start_ns + 4 * SECOND,
            attributes={**self._writing.around(self._session, tokens_in, tokens_out), **said, **answer},
        )

    def _output(self, turn: int) -> dict[str, str]:
        return self._writing.output(self._messages[2 * turn + 2])
