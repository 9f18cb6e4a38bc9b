"""`make screenshots`: the pictures of the README, drawn from fixed runs at a fixed time: the same every time.

A picture more is a line in `PICTURES`: what the terminal is started with, and the keys that are pressed before.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.collector.database import fresh_database
from tests.collector.facade.port import TokenGate, serving
from tests.tui.conftest import client_of
from tests.tui.story import Story, tell
from tests.tui.told import NOW, all_runs

from playhead_collector.facade import ChdbEngine
from playhead_collector.read.source import Source
from playhead_collector.store.address import Embedded, parse_address
from playhead_collector.store.engine import Engine
from playhead_tui.app import PlayheadApp, Start
from playhead_tui.reading import Reader

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
_SIZE = (120, 30)
# A README shows a picture without what it would load from elsewhere.
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    what: str
    """Told to who cannot see it, and the title of its window."""
    keys: tuple[str, ...] = ()
    query: str = ""
    run: str = ""


PICTURES = (
    Picture("runs", "playhead tui", keys=("j", "j")),
    Picture("run", "playhead tui --run 0015", run="0015", keys=("n", "n", "p", "2")),
)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="playhead-pictures-") as name:
        engine = Engine(parse_address(f"chdb://{name}/store"))
        with fresh_database(engine, Path(name)) as database:
            database.insert(b"".join(run.body().SerializeToString() for run in all_runs()))
            database.recompute()
            assert isinstance(engine.address, Embedded)
            gate = TokenGate({"token": database.name})
            with serving(ChdbEngine(str(engine.address.path)), gate=gate) as port:
                reader = Reader(lambda again: Source(client_of(port)))
                for picture in PICTURES:
                    take(picture, reader, Path(name))
        engine.close()


def take(picture: Picture, reader: Reader, folder: Path) -> None:
    start = Start("chdb:///var/lib/playhead/store", query=picture.query, run=picture.run)
    app = PlayheadApp(start, reader, now=lambda: NOW, searches=folder / "searches.toml")

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
