"""Service levels: how well agents do over time, held against objectives that somebody set."""
