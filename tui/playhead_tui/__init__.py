"""The terminal interface. Filled by a later milestone; nothing is exported yet."""
