"""Opens a recording to serve it: whether it can be, and by which direction.

A recording is served by the rules under which it was made, or not at all: another version would part somewhere, and the
agent's code be blamed for it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

from playhead.errors import NotServed
from playhead.lanes.serving import Serving
from playhead.lanes.sink import Record
from playhead.lanes.wire_serving import WireServing

# 1: as first published. 2: a server is outside, and what comes to its application is a completion; a pool's threads
# have lanes of their own. 3: how often a loop enters the engine, and what hashes are counted by (`Engine.serial`), does
# not depend any more on how fast threads are beside each other; a recording of version 2 is served as it was made.
VERSION = 3
SERVED = (2, VERSION)


def serving_of(records: Iterable[Record], on_failure: Callable[[BaseException], None] | None) -> Serving:
    """The direction that suits the level at which these were recorded: the header, which comes first, says it."""
    rest = iter(records)
    first = next(rest, [])
    if first[:1] != ["h"]:
        raise NotServed(
            "the beginning of this recording is gone, so its process cannot be executed again; "
            "its steps are stored and can be read: playhead show RUN"
        )
    check_version(first[1].get("engine"))
    wire = first[1].get("level") == "wire"
    return (WireServing if wire else Serving)(itertools.chain([first], rest), on_failure)


def check_version(version: object) -> None:
    """A recording is served by the rules under which it was made, or not at all."""
    if version in SERVED:
        return
    if isinstance(version, int) and version > VERSION:
        what = "was made by a newer Playhead; install that version (pip install -U playhead) and replay again"
    else:
        what = "was made by an older Playhead, whose servers and pools gave lanes in another way; record the run anew"
    raise NotServed(
        f"this recording has version {version}, and this Playhead serves {SERVED[0]} to {VERSION}: it {what}"
    )
