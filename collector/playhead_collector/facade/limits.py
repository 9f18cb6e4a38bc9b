"""How much one reader may use, so that no statement can take the collector down with it.

The engine holds the ones about time, memory, threads and parsing (they are set on the query's own handle
before it becomes read only, and were seen to hold there); the others are held by the facade itself.
"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    seconds: float = 60.0
    """Longest run of a statement. The clock goes on while a client reads slowly."""
    memory_bytes: int = 2048 * MIB
    threads: int = 2
    temporary_bytes: int = 4096 * MIB
    """What one statement may spill to disk while it sorts or groups."""
    whole_bytes: int = 128 * MIB
    """Largest result in a format that cannot be sent block by block (JSON, Arrow, Parquet)."""
    statement_bytes: int = MIB
    body_bytes: int = 2 * MIB
    """A request's body after decompression: the statement and its bound values."""
    body_seconds: float = 30.0
    stall_seconds: float = 30.0
    """How long a client may leave a sent block unread."""
    patience_seconds: float = 5.0
    """The same while others wait for a seat: who reads slowly may do so where nobody else wants to read."""
    grace_seconds: float = 5.0
    """What a statement gets, beyond its time, to notice that it was stopped."""
    concurrent: int = 4
    waiting: int = 64
    waiting_seconds: float = 10.0

    def as_settings(self) -> dict[str, str]:
        """The limits that the engine holds, by the engine's names."""
        return {
            "max_execution_time": f"{self.seconds:g}",
            "timeout_overflow_mode": "throw",
            "max_memory_usage": str(self.memory_bytes),
            "max_threads": str(self.threads),
            "max_temporary_data_on_disk_size_for_query": str(self.temporary_bytes),
            # The canonical text is longer than what was sent: keywords are spelled out and bytes escaped.
            "max_query_size": str(8 * self.statement_bytes),
            "max_parser_depth": "1000",
            "max_parser_backtracks": "1000000",
            "max_ast_depth": "1000",
            "max_ast_elements": "50000",
            "max_recursive_cte_evaluation_depth": "1000",
            # A long array scanned once for each of its elements is what no time limit can interrupt.
            "function_range_max_elements_in_block": "10000000",
            "result_overflow_mode": "throw",
            # No limit, but for readers alike: LIKE asks the text index from three letters on ("429"), not from four.
            "text_index_like_min_pattern_length": "3",
            "implicit_select": "0",
            "allow_introspection_functions": "0",
            "allow_ddl": "0",
        }


# Of administrators, whose seats are their own: other collectors, each of which stores, computes and asks at once. A
# body is a segment, which may be of 256 MB.
ADMINISTRATORS = Limits(
    seconds=600.0,
    memory_bytes=4096 * MIB,
    statement_bytes=4 * MIB,
    body_bytes=272 * MIB,
    body_seconds=120.0,
    concurrent=12,
    waiting_seconds=60.0,
)
