"""Whether rows are the same, whatever their order: how many, and the sum of the hashes of each row's bytes.

Files are hashed by ClickHouse itself, which reads them as a restore will: what it cannot read is found out while the
store is still there. In a process of its own, since one process has one engine, and this one may have a store open.

    python -m playhead_collector.backup.digest     a JSON array [path, column, ...] a line in, [rows, digest] out
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from playhead_collector.errors import StoreError
from playhead_collector.store.embedding import load_chdb


def digest_of(columns: Sequence[str]) -> str:
    """As formatted row by row: hashes of values themselves are null where one of them is."""
    listed = ", ".join(f"`{column}`" for column in columns)
    return f"count(), sum(cityHash64(formatRow('RowBinary', {listed})))"


class Digests:
    """The process that reads files. `of` answers for one after the other."""

    def __init__(self) -> None:
        self._ending = ExitStack()
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Digests:
        # The engine keeps caches in the folder that its process is in.
        folder = self._ending.enter_context(tempfile.TemporaryDirectory(prefix="playhead-digest-"))
        paths = os.pathsep.join(str(Path(path).resolve()) for path in sys.path if path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "playhead_collector.backup.digest"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": paths},
        )
        return self

    def of(self, path: Path, columns: Sequence[str]) -> tuple[int, int]:
        """Rows, and the sum of their hashes."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps([str(path.resolve()), *columns]) + "\n")
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline() or '"its process ended"')
        except OSError as error:
            answer = str(error)
        if isinstance(answer, str):
            raise StoreError(f"{path} cannot be read as rows: {answer}; take the backup again")
        return int(answer[0]), int(answer[1])

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        process, self._process = self._process, None
        if process is not None:
            if kind is not None:
                process.kill()
            process.communicate()
        self._ending.close()


def main() -> None:
    engine = load_chdb().connect(":memory:")
    for line in sys.stdin:
        path, *columns = json.loads(line)
        quoted = path.replace("\\", "\\\\").replace("'", "\\'")
        sql = f"SELECT {digest_of(columns)} FROM file('{quoted}', 'Native') SETTINGS max_threads = 2"  # noqa: S608 - quoted
        try:
            answer: object = [int(part) for part in engine.query(sql, "TSV").bytes().split()]
        except RuntimeError as error:
            answer = str(error).strip().splitlines()[0][:300]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
