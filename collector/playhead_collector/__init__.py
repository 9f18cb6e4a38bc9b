"""The collector: receives OTLP, keeps it, and answers questions about it."""
