"""What people say of alerts from the screen: that they saw one, or that nobody is to be told of some for a while."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from clickhouse_connect.driver.client import Client
from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message

from playhead.errors import PlayheadError, UsageError
from playhead_collector.alerts.changed import store_time
from playhead_collector.alerts.marker import this_user
from playhead_collector.alerts.marks import Kind, Mark, marks, silence_of
from playhead_collector.alerts.standing import Standing
from playhead_tui.alerts.table import words_of
from playhead_tui.ask import AskLines, AskOne
from playhead_tui.reading import QuestionRefused
from playhead_tui.screen import PlayheadScreen
from playhead_tui.shown import one_line

_ACK_S = 30 * 86400.0


class AnsweringScreen(PlayheadScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "ack", "ack"),
        Binding("s", "silence", "silence"),
        Binding("S", "silences", "Silences in force", show=False),
    ]

    @dataclass
    class Marked(Message):
        words: str

    @dataclass
    class SilencesCame(Message):
        silences: list[Mark]

    @property
    def here(self) -> Standing | None:
        """The alert under the cursor."""
        raise NotImplementedError

    def ask_for_all(self) -> None:
        """Something was said: how alerts stand is asked anew."""
        raise NotImplementedError

    def action_ack(self) -> None:
        one = self.here
        if one is None:
            self.tell("no alert is under the cursor")
            return
        if not one.alert.stands:
            self.tell("only what fires or is pending can be acknowledged")
            return

        def answer(lines: tuple[str, ...] | None) -> None:
            if lines is not None:
                note, by = lines
                said = {"alert_id": one.alert.alert_id, "seconds": _ACK_S, "note": note, "by": by or this_user()}
                self._mark(Kind.ACK, said, f"{one.alert.rule}: acknowledged")

        question = f"acknowledge {words_of(one.alert)}"
        self.app.push_screen(AskLines(question, {"note, for the others": "", "by": this_user()}), answer)

    def action_silence(self) -> None:
        one = self.here
        if one is None:
            self.tell("no alert is under the cursor; 'playhead alerts silence RULE' silences one that is to come")
            return
        rule = one.alert.rule
        # What no line should hold is left out of it: then more is silenced, and the line says so.
        where = " ".join(
            shlex.quote(f"{name}={value}")
            for name, value in one.alert.group
            if name != "run_id" and one_line(name + value, 200) == name + value
        )

        def answer(lines: tuple[str, ...] | None) -> None:
            if lines is not None:
                self._silence(rule, *lines)

        asked = {"for (30m, 2h, 7d)": "2h", "only where; empty: all of the rule": where, "note": "", "by": this_user()}
        question = f"have nobody told of {words_of(one.alert)}"
        self.app.push_screen(AskLines(question, asked, lambda lines: _for_and_where(*lines)), answer)

    def _silence(self, rule: str, span: str, where: str, note: str, by: str) -> None:
        seconds, matching = _for_and_where(span, where)
        said = {"rule": rule, "matching": matching, "seconds": seconds, "note": note, "by": by or this_user()}
        self._mark(Kind.SILENCE, said, f"{rule} {where}: nobody is told for {span}; S ends that")

    def action_silences(self) -> None:
        def question(client: Client) -> Message:
            return self.SilencesCame([one for one in marks(client, store_time(client)) if one.kind is Kind.SILENCE])

        self.ask("silences", question)

    @on(SilencesCame)
    def _silences_came(self, event: SilencesCame) -> None:
        if not event.silences:
            self.tell("no silence is in force; s begins one")
            return

        def end(mark_id: str | None) -> None:
            if mark_id is not None:
                said = {"mark_id": mark_id, "seconds": 0, "by": this_user()}
                self._mark(Kind.SILENCE, said, "the silence is over")

        options = [(one.mark_id, _told(one)) for one in event.silences]
        self.app.push_screen(AskOne("which silence is to end?", options), end)

    def _mark(self, kind: Kind, said: Mapping[str, object], words: str) -> None:
        host = self.host

        def work() -> Message:
            try:
                host.mark(kind, said)
            except UsageError:
                raise
            except PlayheadError as error:
                raise QuestionRefused(str(error)) from error
            return self.Marked(words)

        self.beside("mark", work)

    @on(Marked)
    def _marked(self, event: Marked) -> None:
        self.tell(event.words)
        self.ask_for_all()


def _for_and_where(span: str, where: str, *_: str) -> tuple[float, dict[str, str]]:
    return silence_of(span).total_seconds(), matching_of(where)


def matching_of(line: str) -> dict[str, str]:
    """`tool=refund agent='support desk'`; raises UsageError where a part says no value."""
    try:
        parts = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"{line!r} is not understood ({error}): write NAME=VALUE, such as tool=refund") from None
    wrong = next((part for part in parts if not all(part.partition("="))), None)
    if wrong is not None:
        raise UsageError(f"{wrong!r} says nothing: write NAME=VALUE, such as tool=refund")
    return dict(part.split("=", 1) for part in parts)


def _told(mark: Mark) -> str:
    where = " ".join(f"{name}={value}" for name, value in mark.matching.items())
    what = mark.rule or (f"alert {mark.alert_id[:8]}" if mark.alert_id else "all rules")
    return " ".join(filter(None, (what, where, f"until {mark.until:%m-%d %H:%M}", f"by {mark.by}", mark.note)))
