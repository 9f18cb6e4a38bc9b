"""Subcommands that the SDK brings by itself."""
