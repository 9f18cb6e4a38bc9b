"""The one sign of each status and the one letter of each kind of step, with its colour: colour never stands alone."""

from __future__ import annotations

SIGNS = {"ok": ("✓", "green"), "error": ("✗", "red"), "open": ("…", "yellow"), "incomplete": ("~", "magenta")}
LETTERS = {
    "agent": ("A", "bold"), "prompt": ("P", "cyan"), "tool": ("T", "yellow"), "state": ("S", "magenta"),
    "decision": ("D", "blue"), "approval": ("H", "bright_magenta"), "retrieval": ("R", "green"),
    "guardrail": ("G", "bright_red"), "effect": ("E", "white"), "score": ("C", "bright_green"), "other": ("·", "dim"),
}  # fmt: skip
