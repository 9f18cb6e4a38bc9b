"""Backups: all projects of a store as files, with a manifest; and a store made again from them, and compared.

    Origin (a store, or the collector that has it open) ── Native rows ──> files + manifest ──> restore ──> any store

Rows, not parts: the same backup restores an embedded store, a server and a cluster, from either kind.
"""
