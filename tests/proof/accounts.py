"""What the store has, against what was acknowledged: lost, or there twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import clickhouse_connect
from tests.proof.emitters import Ledger


@dataclass(frozen=True, slots=True)
class Account:
    acknowledged: int
    stored: int
    lost: int
    twice: int
    """Shown twice by what people read: the deduplicated views."""
    rows_twice: int
    """Rows there twice in the tables themselves, where merges have not joined them: the same block inserted twice."""
    runs_wrong: int
    """Runs whose row does not say how many steps they have, or is not there."""

    def __str__(self) -> str:
        return (
            f"{self.acknowledged} acknowledged, {self.stored} stored, {self.lost} lost, {self.twice} twice, "
            f"{self.rows_twice} rows twice, {self.runs_wrong} runs wrong"
        )

    @property
    def exact(self) -> bool:
        return self.acknowledged > 0 and self.lost == self.twice == self.rows_twice == self.runs_wrong == 0


_STEPS = "SELECT concat(run_id, step_id) FROM {}"
_RUNS_WRONG = (
    "SELECT count() FROM (SELECT run_id, count() AS there FROM steps GROUP BY run_id) AS counted "
    "LEFT JOIN runs ON runs.run_id = counted.run_id WHERE runs.steps != counted.there"
)
_RECORDS = "SELECT attribute_texts[-1] FROM {} WHERE event_name = 'proof'"


def account(ledger: Ledger, clickhouse_port: int, database: str = "playhead") -> Account:
    """Of spans and log records together."""
    client = clickhouse_connect.get_client(host="127.0.0.1", port=clickhouse_port, database=database)
    try:

        def ids(query: str, table: str) -> Counter[str]:
            return Counter(str(one) for (one,) in client.query(query.format(table)).result_rows)

        stored = ids(_STEPS, "steps") + ids(_RECORDS, "log_records")
        rows = ids(_STEPS, "step_rows") + ids(_RECORDS, "log_rows")
        runs_wrong = int(client.query(_RUNS_WRONG).result_rows[0][0])
    finally:
        client.close()
    acknowledged = ledger.spans | ledger.records
    return Account(
        acknowledged=len(acknowledged),
        stored=len(stored),
        lost=len(acknowledged - stored.keys()),
        twice=sum(stored[one] > 1 for one in acknowledged),
        rows_twice=sum(rows[one] > 1 for one in acknowledged),
        runs_wrong=runs_wrong,
    )


def peak_rss_mb(pid: int) -> int:
    """The most memory that a process has had."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:  # noqa: PTH123 - no file of a folder
        found = next(line for line in status if line.startswith("VmHWM:"))
    return int(found.split()[1]) // 1024
