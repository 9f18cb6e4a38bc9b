"""Two runs, or two groups of them, and what differs."""
