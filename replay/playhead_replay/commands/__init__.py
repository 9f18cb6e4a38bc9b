"""The subcommands of `playhead` that stand on replay."""
