"""What all screens share: questions are asked in workers, and answers come back as messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from clickhouse_connect.driver.client import Client
from textual import on
from textual.events import ScreenResume
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import active_worker, get_current_worker

from playhead.errors import UsageError
from playhead_collector.read.fork import Fork, fork_of
from playhead_tui.garbage import let_in
from playhead_tui.reading import QuestionRefused, StoreLost
from playhead_tui.shown import one_line

if TYPE_CHECKING:
    from playhead_tui.app import PlayheadApp


# How long the cursor stays where it is until the store is asked about that. A key that is held comes again sooner: its
# questions took three quarters of what a key cost, and nobody read the answers.
REST_S = 0.12

# From so many columns on, panes stand beside each other.
WIDE = 100
_NARROW, _WIDE = "-narrow", "-wide"


class PlayheadScreen(Screen[None]):
    """A screen over the app's store."""

    HORIZONTAL_BREAKPOINTS = [(0, _NARROW), (WIDE, _WIDE)]  # noqa: RUF012 - Textual declares it for instances

    @dataclass
    class Lost(Message):
        """The store does not answer; what was asked is to be asked again when it does."""

        why: str

    @dataclass
    class Refused(Message):
        """The store answers, but not this."""

        why: str

    @dataclass
    class ForkCame(Message):
        run_id: str
        fork: Fork | None

    def __init__(self) -> None:
        super().__init__()
        self._kept_back: dict[str, Callable[[], None]] = {}
        """By group what was to be asked while another screen was on top."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A slash is heard before what has the focus, so that what is typed at once after it goes into the line, and is
        no keys of a table. Within a line it is a slash.
        """
        return None if action in ("query", "find") and isinstance(self.focused, Input) else True

    def on_mount(self) -> None:
        """Textual says so once a screen is laid out: what a narrow window has below stood beside for a moment."""
        is_wide = self.app.size.width >= WIDE
        self.set_class(is_wide, _WIDE)
        self.set_class(not is_wide, _NARROW)

    def on_unmount(self) -> None:
        let_in()

    def action_leave(self) -> None:
        """Once, however many keys that say so came at once: what is below is to stay."""
        if self.is_active:
            self.app.pop_screen()

    @property
    def host(self) -> PlayheadApp:
        return cast("PlayheadApp", self.app)

    def ask(self, group: str, question: Callable[[Client], Message], to: MessagePump | None = None) -> None:
        """Asks beside the screen; the answer is posted to it, or to a widget of it. A later question of the group drops
        this one.
        """
        self.beside(group, lambda: self.host.reader.ask(question), to)

    def ask_at_rest(self, group: str, question: Callable[[Client], Message], to: MessagePump | None = None) -> None:
        """As `ask`, once nothing of the group was asked for a moment: what belongs to where the cursor stays."""
        self.beside_at_rest(group, lambda: self.host.reader.ask(question), to)

    def beside_at_rest(self, group: str, work: Callable[[], Message], to: MessagePump | None = None) -> None:
        async def rest() -> None:
            await asyncio.sleep(REST_S)
            if self.is_current:
                self._set_to_work(group, work, to)
            else:
                # Whoever went on to another screen waits for that one.
                self._kept_back[group] = partial(self._set_to_work, group, work, to)

        self._drop(group)
        self.run_worker(rest, group=_at_rest(group))  # type: ignore[arg-type]

    def beside(self, group: str, work: Callable[[], Message], to: MessagePump | None = None) -> None:
        """As `ask`, for work that asks several things, or nothing."""
        self._drop(group)
        self._set_to_work(group, work, to)

    def _drop(self, group: str) -> None:
        """What is under way, or is to be once there is rest, is about something else than what is wanted now."""
        self._kept_back.pop(group, None)
        for one in (group, _at_rest(group)):
            self.workers.cancel_group(self, one)

    @on(ScreenResume)
    def _ask_what_was_kept_back(self) -> None:
        kept, self._kept_back = self._kept_back, {}
        for ask in kept.values():
            ask()

    def _set_to_work(self, group: str, work: Callable[[], Message], to: MessagePump | None) -> None:
        self.run_worker(lambda: self._worked(work, to or self), group=group, thread=True, exit_on_error=True)

    def _worked(self, work: Callable[[], Message], to: MessagePump) -> None:
        worker = get_current_worker()
        try:
            answer, receiver = work(), to
        except StoreLost as error:
            answer, receiver = self.Lost(str(error)), self
        except (QuestionRefused, UsageError) as error:
            answer, receiver = self.Refused(str(error)), self
        finally:
            # Textual leaves the worker with the pool's thread until its next one: each idle thread kept a closed
            # screen, and the run that was opened in it.
            active_worker.set(None)  # type: ignore[arg-type]
        if not worker.is_cancelled:
            receiver.post_message(answer)

    def open_diff_with_parent(self, run_id: str) -> None:
        """Of a fork and the run that it is of."""
        self.ask("fork", lambda client: self.ForkCame(run_id, fork_of(client, run_id)))

    @on(ForkCame)
    def _fork_came(self, event: ForkCame) -> None:
        if event.fork is not None:
            self.host.open_diff(event.fork.parent, event.run_id)
        else:
            self.no_fork(event.run_id)

    def no_fork(self, run_id: str) -> None:
        """A run that was to be compared with the one that it is of is of none."""
        self.tell("this run is no fork of another; d marks two runs to compare")

    @on(Lost)
    def _lost(self, event: Lost) -> None:
        self.host.store_lost(event.why)

    @on(Refused)
    def _refused(self, event: Refused) -> None:
        self.refused(event.why)

    def refused(self, why: str) -> None:
        """Said to the user."""
        self.tell(why, is_error=True)

    def tell(self, words: str, *, is_error: bool = False) -> None:
        """To the user, for a moment."""
        self.notify(one_line(words, 400), markup=False, severity="error" if is_error else "information")

    def store_found(self) -> None:
        """The store answers again; what is shown is asked for anew."""


def _at_rest(group: str) -> str:
    return f"{group}, at rest"
