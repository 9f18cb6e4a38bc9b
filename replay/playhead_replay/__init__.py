"""Replay: executes recorded runs again, offline and exactly, and says where that is not possible."""
