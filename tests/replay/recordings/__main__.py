"""Records the programs beside it anew: `python -m tests.replay.recordings`. Only for a program that is new.

What is here was recorded once, and has to replay forever: a recording is never made again because a change broke it.
They are made in a folder of their own, so that nothing of a machine is in them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

from tests.replay.models import model
from tests.sdk.engine.provider import provider
from tests.sdk.servers.process import listening

from playhead.journal.single import gather

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
# These call `init` themselves, and are asked twelve things at once.
SERVERS = ("server",)


def record(program: Path, folder: Path) -> None:
    """As in a checkout at `folder`, whose environment is `env` in it."""
    there = folder / program.relative_to(ROOT)
    there.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(program, there)
    with provider() as url, model() as asked:
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder / "home"), "LANG": "C.UTF-8", "PROVIDER": url,
            "MODEL": asked.url,
            "PYTHONPATH": os.pathsep.join(str(folder / name) for name in ("sdk", "collector", "replay")),
            "PLAYHEAD_JOURNAL": str(folder / "journal"),
        }  # fmt: skip
        words = [str(folder / "env" / "bin" / "python"), str(program.relative_to(ROOT))]
        file = program.with_suffix(".playhead")
        if program.stem in SERVERS:
            with listening(words, folder, {**environment, "PYTHONHASHSEED": "0"}) as address:
                ask_at_once(address)
            gather(sorted((folder / "journal").iterdir()), file)
            return
        command = [sys.executable, "-m", "playhead", "record", "-q", "-o", str(file), "--", *words]
        subprocess.run(command, cwd=folder, env=environment, check=True)


def ask_at_once(address: str) -> None:
    asked = [f"{address}/{'counted' if number % 2 else 'alone'}?{number % 4}" for number in range(12)]
    with ThreadPoolExecutor(6) as clients:
        for answer in clients.map(lambda one: urlopen(one).read(), asked):
            assert b'"answer"' in answer


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="recordings-") as temporary:
        folder = Path(temporary)
        for name in ("sdk", "collector", "replay"):
            (folder / name).symlink_to(ROOT / name)
        (folder / "env").symlink_to(sys.prefix)
        for program in sorted(HERE.glob("*.py")):
            if program.name != "__main__.py" and not program.with_suffix(".playhead").exists():
                record(program, folder)
                print(program.with_suffix(".playhead").relative_to(ROOT))


if __name__ == "__main__":
    main()
