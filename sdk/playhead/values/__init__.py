"""Values as they are written: encoded with their types, fingerprinted, and without secrets. Never pickled.

The modules are imported one by one: what only a replay needs costs a recording process nothing.
"""
