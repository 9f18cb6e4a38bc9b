-- Datasets: named lists of runs, fixed when they were made. The row without a run is the dataset itself, with the query that made it.
-- They stay until somebody removes them: that a run of theirs has gone since is said, not forgotten.
CREATE TABLE IF NOT EXISTS dataset_rows{{on_cluster}}
(
    name String,
    run_id String,
    query String,
    by String,
    at DateTime64(3, 'UTC'),
    removed UInt8,
    version UInt64
)
ENGINE = {{replacing everywhere:version}}
ORDER BY (name, run_id)
SETTINGS {{table_settings}}
