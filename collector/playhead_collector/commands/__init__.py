"""The subcommands of `playhead` that need a store or a collector: one module each, with `add_arguments` and `run`."""
