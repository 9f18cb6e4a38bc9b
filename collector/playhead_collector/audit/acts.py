"""What administrators do, in the words of the audit log."""

from __future__ import annotations

import hashlib

from playhead_collector.store.erase import Subject


def of_subject(subject: Subject, value: str) -> str:
    """Whose data went must not be kept by name where that is written; who knows the name can look for its hash."""
    if subject is Subject.RUN:
        return f"run {value}"
    return f"{subject.value} sha256:{hashlib.sha256(value.encode()).hexdigest()[:16]}"
