"""The screen of runs: search them, see what they are and when, and choose one."""
