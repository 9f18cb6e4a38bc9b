"""Who read, exported, erased or replayed what, when and from where."""
