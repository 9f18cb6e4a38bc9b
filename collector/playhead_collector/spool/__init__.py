"""The spool: where an acknowledged request is durable before the store has it."""
