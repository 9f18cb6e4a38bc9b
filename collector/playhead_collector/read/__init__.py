"""Reading the store: what the command line, the terminal interface, alerts and replay share. It holds no SQL."""
