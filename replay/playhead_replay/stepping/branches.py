"""The processes of a session: the one that goes on, and the moments of it that are kept, each asleep in a fork.

One goes on at a time. Before another does it is killed, and is gone: they share a journal and the terminal.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from playhead.journal.folder import Folder
from playhead.replaying.asked import Stepped
from playhead.replaying.control import Channel, Message
from playhead_replay.entry import Entry
from playhead_replay.errors import NotReplayable
from playhead_replay.launch import Executed, Scene, environment_for, held_journal, left_by
from playhead_replay.recording.recording import Recording

MOST_KEPT = 24
_END_WITHIN_S = 5.0

GoalMessage = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A moment, by its number; whoever closes the channel lets it go."""

    number: int
    channel: Channel


class Branches:
    def __init__(
        self, recording: Recording, entry: Entry, scene: Scene, output: int | IO[bytes] | None, keep_every_ms: int
    ) -> None:
        """`output`: where the program prints; None for where this process does."""
        self._recording = recording
        self._entry = entry
        self._scene = scene
        self._output = output
        self._keep_every_ms = keep_every_ms
        self._process: subprocess.Popen[bytes] | None = None
        self._held: Folder | None = None
        self._channel: Channel | None = None
        self._pid: int | None = None
        self._kept: list[Kept] = []
        # Held while a process is known to be there, so that another thread ends it and nobody else.
        self._ending = threading.Lock()
        self.forks = 0
        """How often the program went on from a moment that was kept, and not from its beginning."""

    def begin(self, goal: GoalMessage) -> None:
        """The program from its beginning; raises NotReplayable where it cannot be started."""
        self.close()
        shutil.rmtree(self._scene.journal, ignore_errors=True)
        self._scene.journal.mkdir()
        self._scene.outcome.unlink(missing_ok=True)
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours)
        self._channel.send({"goal": goal})
        run = self._recording.run if self._recording.run in self._recording.runs else None
        stepped = Stepped(theirs.fileno(), run, self._keep_every_ms)
        environment = environment_for(self._recording, self._entry, self._scene, stepped=stepped)
        self._held = held_journal(self._recording, self._scene, environment)
        inherited = [theirs.fileno()] if self._held is None else [theirs.fileno(), self._held.descriptor]
        try:
            # A group of its own: Ctrl-C is for who steps, and an agent that is stopped must not take keys.
            self._process = subprocess.Popen(
                list(self._entry.words), env=environment, cwd=self._entry.folder, stdin=subprocess.DEVNULL,
                stdout=self._output, stderr=self._output, pass_fds=inherited, process_group=0,
            )  # fmt: skip
        except OSError as error:
            raise NotReplayable(f"{self._entry.words[0]!r} cannot be started: {error.strerror}") from None
        finally:
            theirs.close()

    def go_on(self, goal: GoalMessage) -> None:
        with suppress(OSError):  # it has just ended, which is seen next
            self._live.send({"goal": goal})

    def pause(self) -> None:
        """From another thread, or a signal's handler."""
        channel = self._channel
        if channel is not None:
            with suppress(OSError):
                channel.send({"pause": True})

    def end(self) -> None:
        """From another thread: kills what goes on. Who waits for it sees its end."""
        with self._ending, suppress(ProcessLookupError):
            if self._kept and self._pid is not None:
                os.kill(self._pid, signal.SIGKILL)
            elif self._process is not None:
                self._process.kill()

    def ask(self, question: Message) -> Message | None:
        """Of the program where it has stopped."""
        with suppress(OSError):
            self._live.send(question)
            return self._live.receive()
        return None

    def next_message(self) -> Message | None:
        """Of the program that goes on; None where it has ended."""
        while True:
            message = self._live.receive()
            if message is None:
                return None
            if "running" in message:
                self._pid = int(message["running"])
            elif "kept" in message:
                kept = Kept(int(message["kept"]["count"]), Channel.of(self._live.take_descriptor()))
                self._keep(kept)
                return message["kept"]  # type: ignore[no-any-return]
            else:
                return message

    def go_back(self, number: int, goal: GoalMessage) -> int | None:
        """Goes on from the last kept moment that is not behind this one, and says which; None where there is none."""
        self._end_live()
        self._scene.outcome.unlink(missing_ok=True)
        before = [kept for kept in self._kept if kept.number <= number]
        while before:
            kept = before.pop()
            ours, theirs = socket.socketpair()
            self._channel = Channel(ours)
            try:
                kept.channel.send({"goal": goal}, [theirs.fileno()])
            except OSError:
                self._let_go(kept)
                self._channel.close()
                continue
            finally:
                theirs.close()
            message = self._channel.receive()
            if message is not None and "running" in message:
                self._pid = int(message["running"])
                self.forks += 1
                return kept.number
            self._let_go(kept)
        return None

    def left(self) -> Executed:
        """What the program that ends left, when it is gone."""
        assert self._process is not None
        code = self._gone() if self._kept else self._process.wait()
        return left_by(1 if code is None else code, self._held, self._scene)

    def close(self) -> None:
        """Nothing of it lives on."""
        if self._process is None:
            return
        self._end_live()
        for kept in list(self._kept):
            self._let_go(kept)
        try:
            self._process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._held is not None:
            self._held.release()
        self._process = self._held = None

    # -- within

    @property
    def _live(self) -> Channel:
        assert self._channel is not None
        return self._channel

    def _end_live(self) -> None:
        """Kills what goes on, and waits until it is gone."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._kept and self._pid is not None:
            # If it has ended it still waits to be asked for its status, so the number is nobody else's.
            os.kill(self._pid, signal.SIGKILL)
            self._gone()
        elif not self._kept and self._process is not None:
            self._process.kill()
            self._process.wait()

    def _gone(self) -> int | None:
        """Waits for its end, of which the first process knows, whose children all are; its exit status."""
        with self._ending:
            pid, self._pid = self._pid, None
        if pid is None:
            return None
        with suppress(OSError):
            self._kept[0].channel.send({"ended": pid})
            answer = self._kept[0].channel.receive()
            return None if answer is None else answer.get("status")
        return None

    def _keep(self, kept: Kept) -> None:
        """Close to where the program is, many; the further back, the fewer."""
        self._kept = sorted([*self._kept, kept], key=lambda one: one.number)
        if len(self._kept) <= MOST_KEPT:
            return
        here = kept.number
        spans = {
            number: (after.number - before.number) / (abs(here - one.number) + 1)
            for number, (before, one, after) in enumerate(
                zip(self._kept, self._kept[1:], self._kept[2:], strict=False), 1
            )
        }
        self._let_go(self._kept[min(spans, key=spans.__getitem__)])

    def _let_go(self, kept: Kept) -> None:
        kept.channel.close()
        self._kept = [one for one in self._kept if one is not kept]
