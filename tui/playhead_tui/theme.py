"""Two themes of our own, dark and light. Kinds and statuses have letters and signs, too: no colour stands alone."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="playhead-dark",
    primary="#4c9be8",
    secondary="#7a8fa6",
    accent="#e0a84c",
    warning="#e0a84c",
    error="#e0605e",
    success="#6fbf73",
    foreground="#dfe3e8",
    background="#14171c",
    surface="#191d23",
    panel="#222831",
    dark=True,
)
LIGHT = Theme(
    name="playhead-light",
    primary="#1f5fa8",
    secondary="#55677a",
    accent="#8a5a00",
    warning="#8a5a00",
    error="#b3261e",
    success="#2c6e30",
    foreground="#1b1f24",
    background="#fbfbf9",
    surface="#f3f3ef",
    panel="#e4e6e8",
    dark=False,
)
