"""`make screenshots`: the pictures of the README, drawn from fixed runs at a fixed time: the same every time.

A picture more is a line in `PICTURES`: what the terminal is started with, and the keys that are pressed before.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.collector.facade.port import Port
from tests.tui.alerting import FOLDER as RULES
from tests.tui.alerting import tell_alerts
from tests.tui.compared import GROUPS, A, B, reading
from tests.tui.conftest import client_of
from tests.tui.story import Story, tell
from tests.tui.told import NOW, all_runs

from playhead_collector.read.source import Source
from playhead_collector.store.address import parse_address
from playhead_collector.store.engine import Engine
from playhead_replay.recording.find import from_file
from playhead_tui.app import PlayheadApp, Start
from playhead_tui.reading import Reader

ROOT = Path(__file__).parents[2]
RECORDING = ROOT / "tests" / "replay" / "recordings" / "desk.playhead"
DESK = from_file(RECORDING).run
FOLDER = ROOT / "docs" / "screens"
_SIZE = (120, 30)
# A README shows a picture without what it would load from elsewhere.
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


STORE = "chdb:///var/lib/playhead/store"
OBJECTIVES = Path(__file__).with_name("objectives.toml")


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    what: str
    """Told to who cannot see it, and the title of its window."""
    start: Start
    keys: tuple[str, ...] = ()


WATCHED = (
    Picture("runs", "playhead tui", Start(STORE), ("j", "j")),
    Picture("run", "playhead tui --run 0015", Start(STORE, run="0015"), ("n", "n", "p", "2")),
    Picture("alerts", "playhead tui, A", Start(STORE, rules=RULES), ("A",)),
)
"""Of runs with alerts about them."""
MEASURED = (Picture("levels", "playhead tui, L", Start(STORE, objectives=OBJECTIVES), ("L", "b", "shift+tab")),)
"""Of more runs than those."""
COMPARED = (
    Picture(
        "diff", f"playhead tui --diff {A.run_id[:4]} {B.run_id[:4]}", Start(STORE, diff=(A.run_id, B.run_id)), ("n",)
    ),
    Picture("replay", f"playhead tui --replay {DESK[:4]} --step 8", Start(STORE, replay=DESK, step=8)),
)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    os.chdir(ROOT)  # where the recorded code is looked for
    with tempfile.TemporaryDirectory(prefix="playhead-pictures-") as name:
        folder = Path(name)
        engine = Engine(parse_address(f"chdb://{folder}/store"))
        for runs, recordings, alerts, pictures in (
            (all_runs(), (), tell_alerts, WATCHED),
            ((*all_runs(), *GROUPS), (), tell_alerts, MEASURED),
            ((A, B), (RECORDING,), None, COMPARED),
        ):
            with reading(engine, folder, *runs, recordings=recordings, tell_more=alerts) as port:
                for picture in pictures:
                    take(picture, port, folder)
        engine.close()


def take(picture: Picture, port: Port, folder: Path) -> None:
    reader = Reader(lambda again: Source(client_of(port)))
    app = PlayheadApp(picture.start, reader, now=lambda: NOW, searches=folder / "searches.toml")

    async def story(told: Story) -> None:
        for key in picture.keys:
            await told.press(key)
        drawn.append(_FONTS.sub("", app.export_screenshot(title=picture.what)))

    drawn: list[str] = []
    tell(app, story, _SIZE)
    path = FOLDER / f"{picture.name}.svg"
    path.write_text("\n".join(line.rstrip() for line in drawn[0].splitlines()) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size // 1024} KB", file=sys.stderr)


if __name__ == "__main__":
    main()
