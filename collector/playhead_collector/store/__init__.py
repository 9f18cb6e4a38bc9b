"""The store: ClickHouse's schema as files, and everything that opens, fills, reads and prunes it."""
