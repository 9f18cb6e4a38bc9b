"""A process of the shop that answers letters, several at a time, as a server would. `shift.py` starts it."""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import groupby

import playhead
from playhead_collector.demo.tickets import LETTERS, Letter

_AT_ONCE = 4


async def serve(letters: list[Letter]) -> None:
    """Letters of one session wait for each other."""
    # Imported once recording has begun: what the agent's modules read from the environment is in the recording, too.
    from playhead_collector.demo.agent import Ticket, handle

    free = asyncio.Semaphore(_AT_ONCE)

    async def answer(session: list[Letter]) -> None:
        for letter in session:
            async with free:
                try:
                    await handle(Ticket(letter.session, letter.user, letter.text))
                except Exception as error:  # noqa: BLE001 - one run that fails is not the server's end
                    print(f"{letter.story}: {error}", file=sys.stderr)

    await asyncio.gather(*(answer(list(some)) for _, some in groupby(letters, lambda letter: letter.session)))


def main() -> None:
    playhead.init(service="support-desk", version=os.environ.get("SUPPORT_VERSION"))
    from playhead_collector.demo.agent import VERSION

    letters = [letter for letter in LETTERS if letter.version == VERSION]
    asyncio.run(serve([letter for letter in letters if letter.story != "crash"]))
    # Alone, for it takes the process with it.
    asyncio.run(serve([letter for letter in letters if letter.story == "crash"]))


if __name__ == "__main__":
    main()
