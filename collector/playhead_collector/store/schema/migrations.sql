-- Which migrations this database has, and who applied them. Created before any of them.
CREATE TABLE IF NOT EXISTS migrations{{on_cluster}}
(
    number UInt32,
    program String,
    applied_at DateTime64(3, 'UTC')
)
ENGINE = {{replacing everywhere:applied_at}}
ORDER BY number
