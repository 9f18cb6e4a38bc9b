"""What an agent's code calls. Without `init` all of it does nothing, and nothing of it raises an error of its own."""
