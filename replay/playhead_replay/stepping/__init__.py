"""Stepping through a replay, forward and back: one session, driven by the command line's prompt or by a screen."""
