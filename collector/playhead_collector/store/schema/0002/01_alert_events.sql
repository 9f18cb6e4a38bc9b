-- What became of each alert, an event a row, in the order of `version`; the last one is how it stands. An alert is a rule and a group;
-- `fired_at` tells one firing of it from the next. Everything of an event is in its one row, with whom to tell of it, so that nothing can
-- come between what is known and what is owed.
CREATE TABLE IF NOT EXISTS alert_events{{on_cluster}}
(
    alert_id String,
    rule LowCardinality(String),
    severity LowCardinality(String),
    grouped Map(LowCardinality(String), String),
    -- dropped: was pending, and did not last long enough to fire.
    state Enum8('pending' = 1, 'firing' = 2, 'resolved' = 3, 'dropped' = 4),
    at DateTime64(3, 'UTC'),
    pending_at DateTime64(3, 'UTC'),
    -- 1970 until it fires.
    fired_at DateTime64(3, 'UTC'),
    value Float64,
    summary String,
    labels Map(LowCardinality(String), String),
    run_ids Array(String),
    step_ids Array(String),
    -- Receivers that are owed this event; what became of that is in alert_notices.
    notify Array(LowCardinality(String)),
    -- Whether somebody was told that it fires, and so has to be told that it is over.
    announced UInt8,
    version UInt64
)
ENGINE = {{replacing everywhere:version}}
ORDER BY (alert_id, version)
TTL toDateTime64(at, 0) + toIntervalDay(400)
SETTINGS {{table_settings}}
