"""The screen of alerts: what fires, what shows it, and what is said of it."""
