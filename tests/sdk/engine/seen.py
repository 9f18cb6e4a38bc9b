"""What a program saw, in the order it saw it: its process's one list, which is there before the program is imported."""

from __future__ import annotations

from typing import Any

seen: list[Any] = []
