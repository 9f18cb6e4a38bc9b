"""Replay: re-executes recorded runs. Filled by a later milestone; nothing is exported yet."""
