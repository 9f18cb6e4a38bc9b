"""A screen's story: keys that are pressed, and the picture after them, as plain text that a person reads and compares.

The pictures are files in `screens/`. `make screens` writes them anew; what changed then is to be looked at.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual import events
from textual.pilot import Pilot

from playhead_tui.app import PlayheadApp

SCREENS = Path(__file__).with_name("screens")
_WRITE = os.environ.get("PLAYHEAD_WRITE_SCREENS") == "1"


class Story:
    """An app that is used, and what was seen of it."""

    def __init__(self, pilot: Pilot[None], app: PlayheadApp) -> None:
        self.pilot = pilot
        self.app = app
        self._told: list[str] = []

    async def press(self, *keys: str) -> None:
        """Presses keys, each when the one before was handled, and waits until all that they asked for is there."""
        for key in keys:
            # Between several at once the pilot waits for a process that does little; one of a busy machine does little
            # before it handled anything, and the next key went to the screen that the one before was to leave.
            await self.pilot.press(key)
        await self.settle()

    async def press_at_once(self, *keys: str) -> None:
        """As a terminal hands them on that was held up: the next comes before anything was made of the one before."""
        for key in keys:
            self.app.post_message(events.Key(key, None))
        await self.settle()

    async def paste(self, text: str) -> None:
        """As many keys would have written it, at once."""
        assert self.app.focused is not None
        self.app.focused.post_message(events.Paste(text))
        await self.settle()

    async def settle(self) -> None:
        """Until no question is open and every message was handled.

        Twice in a row: an answer may ask for more, a message later or when the screen was drawn anew.
        """
        calm = 0
        while calm < 2:
            await self.pilot.pause()
            calm += 1
            while self._is_working():
                calm = 0
                # The pilot's own pause goes through all widgets: a hundred times a second that was half a core.
                await asyncio.sleep(0.01)

    def _is_working(self) -> bool:
        return any(not worker.is_finished for worker in self.app.workers)

    def screen(self) -> str:
        """What is on the screen, line by line."""
        strips = self.app.screen._compositor.render_strips(self.app.size)
        return "\n".join(strip.text.rstrip() for strip in strips)

    def notices(self) -> str:
        """What the user was told for a moment."""
        return "\n".join(notice.message for notice in self.app._notifications)

    def look(self, caption: str) -> None:
        """A picture for the file, under what led to it."""
        self._told.append(f"═══ {caption}\n\n{self.screen()}\n")

    def check(self, name: str) -> None:
        """The story is the one that is kept in the file."""
        told = "\n".join(self._told)
        path = SCREENS / f"{name}.txt"
        if _WRITE:
            path.write_text(told, encoding="utf-8")
        assert path.exists(), f"no picture is kept in {path}; 'make screens' writes it"
        assert told == path.read_text(encoding="utf-8"), f"{path} shows another screen; 'make screens' writes it anew"


def tell(app: PlayheadApp, story: Callable[[Story], Awaitable[None]], size: tuple[int, int] = (120, 36)) -> None:
    """Runs a story to its end."""

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            told = Story(pilot, app)
            await told.settle()
            await story(told)

    asyncio.run(run())
