"""Writing through the ClickHouse port: by who has no admin token, and, with it, past the store."""

from __future__ import annotations

from random import Random

from tests.proof.attacks.doors import REFUSED, deformed
from tests.proof.attacks.statements import statement
from tests.proof.attacks.target import Tally, Target

_WRITES = (
    "INSERT INTO steps SELECT * FROM steps",
    "INSERT INTO playhead_bank.step_rows SELECT * FROM playhead_bank.step_rows",
    "INSERT INTO otlp_traces FORMAT ProtobufSingle\n\n",
    "ALTER TABLE step_rows DELETE WHERE 1",
    "ALTER TABLE playhead_bank.step_rows DELETE WHERE 1 SETTINGS mutations_sync = 2",
    "CREATE DATABASE IF NOT EXISTS playhead_mine",
    "TRUNCATE TABLE known_pieces",
    "DROP DATABASE playhead_bank",
)
# Into what is not looked at by anybody; and past it.
_FRAMES = (
    "INSERT INTO playhead_shop.dataset_rows {select}",
    "INSERT INTO FUNCTION file('{file}.made', 'CSV', 'a String') {select}",
    "INSERT INTO FUNCTION url('http://127.0.0.1:{port}/', 'CSV', 'a String') {select}",
    "ALTER TABLE playhead_shop.dataset_rows DELETE WHERE name IN ({select})",
    "CREATE TABLE playhead_shop.mine ENGINE = MergeTree ORDER BY tuple() AS {select}",
    "CREATE VIEW playhead_shop.mine AS {select}",
    "CREATE TABLE playhead_shop.mine (a String) ENGINE = URL('http://127.0.0.1:{port}/', CSV)",
    "CREATE TABLE playhead_shop.mine (a String) ENGINE = File(CSV, '{file}')",
    "ALTER TABLE playhead_shop.dataset_rows MODIFY SETTING disk = disk(type = 'web', endpoint = 'http://127.0.0.1:{port}/')",
    "BACKUP DATABASE playhead_bank TO File('{file}.made')",
    "SYSTEM SHUTDOWN",
    "{select} INTO OUTFILE '{file}.made'",
    "{select}",
)


def try_writing(there: Target, tally: Tally) -> None:
    """With every token but the right one, and with that one bent."""
    before = there.counts()
    others = [token for one, token in there.tokens.items() if one != "admin"]
    for secret in [*others, *deformed(there.tokens["admin"])]:
        for text in _WRITES:
            try:
                answer = there.ask(there.clickhouse, "POST", "/", text.encode(), {"X-ClickHouse-Key": secret})
            except (UnicodeEncodeError, ValueError):
                continue  # no client can send this
            tally.tried("writing", None if answer.status in REFUSED else f"{text!r} answered {answer.status}")
    if there.counts() != before:
        tally.through.append(f"writing: rows came or went: {before} became {there.counts()}")


def try_administering(there: Target, rng: Random, tally: Tally, count: int) -> None:
    """As the administrator, who may read and write all of the store, and nothing of the machine."""
    folder = sorted(path.name for path in there.file.parent.iterdir())
    calls = there.listener.calls
    for _ in range(count):
        text = rng.choice(_FRAMES).replace("{select}", statement(rng, there))
        text = text.replace("{file}", str(there.file)).replace("{port}", str(there.listener.port))
        headers = {"X-ClickHouse-Key": there.tokens["admin"]}
        answer = there.ask(
            there.clickhouse, "POST", "/?database=playhead_shop", text.encode("utf-8", "surrogatepass"), headers
        )
        out = there.file.read_text().encode() in answer.body
        made = answer.status == 200 and text.startswith(("CREATE", "BACKUP", "SYSTEM", "INSERT INTO FUNCTION"))
        tally.tried(
            f"administering, {answer.status // 100}xx", f"{text!r}: {answer.body[:200]!r}" if out or made else None
        )
    if there.listener.calls != calls or sorted(path.name for path in there.file.parent.iterdir()) != folder:
        tally.through.append("administering: something was called, or a file was written")
