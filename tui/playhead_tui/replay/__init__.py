"""The screen of a replay: a run executed again under the cursor, or walked through where it cannot be."""
