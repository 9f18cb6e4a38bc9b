"""Reading the store: what the command line, the terminal interface, alerts and replay share. Holds no SQL of its own."""
