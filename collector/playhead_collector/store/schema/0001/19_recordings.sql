-- What a replay needs, as the SDK sends it: pieces of at most 1 MiB, stored once by (process, run, sequence).
CREATE TABLE IF NOT EXISTS recording_rows{{local}}{{on_cluster}}
(
    process_id String,
    run_id String,
    sequence UInt64,
    content String CODEC(ZSTD(3)),
    attributes Map(LowCardinality(String), String),
    time DateTime64(9, 'UTC'),
    arrived_at DateTime('UTC')
)
ENGINE = {{replacing}}
PARTITION BY toDate(time)
ORDER BY (process_id, run_id, sequence)
TTL toDateTime64(arrived_at, 0) + toIntervalDay({{retention_days}})
SETTINGS {{table_settings}}
