"""A recording as a replay reads it, wherever it was kept."""
