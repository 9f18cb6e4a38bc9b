-- What is on disk of what was inserted: computed columns are computed again. `migrations` is written by who makes the tables.
SELECT table, name
FROM system.columns
WHERE database = currentDatabase() AND default_kind NOT IN ('MATERIALIZED', 'ALIAS', 'EPHEMERAL') AND table IN
(
    SELECT name
    FROM system.tables
    WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name != 'migrations'
)
ORDER BY table, position
