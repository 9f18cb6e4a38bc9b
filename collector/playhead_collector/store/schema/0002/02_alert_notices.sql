-- What became of telling a receiver of an event: tried and failed, to be tried again; sent; or given up. No row: not tried yet.
CREATE TABLE IF NOT EXISTS alert_notices{{on_cluster}}
(
    alert_id String,
    event UInt64,
    receiver LowCardinality(String),
    outcome Enum8('failed' = 1, 'sent' = 2, 'given up' = 3),
    attempts UInt32,
    error String,
    at DateTime64(3, 'UTC')
)
ENGINE = {{replacing everywhere:at}}
ORDER BY (alert_id, event, receiver)
TTL toDateTime64(at, 0) + toIntervalDay(400)
SETTINGS {{table_settings}}
