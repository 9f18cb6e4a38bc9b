-- Which steps carry which provider response id. One model call may be told twice, by the provider's own package and by an
-- instrumentation, even in two traces; this finds the other one. A lone call (no parent) is the only kind that such
-- a second trace consists of, so most look-ups touch `lone = 1` alone, which agents leave almost empty.
CREATE TABLE IF NOT EXISTS responses{{local}}{{on_cluster}}
(
    lone UInt8,
    response_id String,
    run_id String,
    step_id String,
    service LowCardinality(String),
    start_time DateTime64(9, 'UTC'),
    end_time DateTime64(9, 'UTC'),
    has_usage UInt8,
    has_content UInt8,
    arrived_at DateTime('UTC')
)
ENGINE = {{replacing}}
PARTITION BY toDate(start_time)
ORDER BY (lone, response_id, run_id, step_id)
TTL toDateTime64(arrived_at, 0) + toIntervalDay({{retention_days}})
SETTINGS {{table_settings}}
