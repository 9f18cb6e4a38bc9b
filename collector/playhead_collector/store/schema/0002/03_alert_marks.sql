-- What people said of alerts: that they have seen one, that nobody is to be told of some for a while, or that the while is over.
CREATE TABLE IF NOT EXISTS alert_marks{{on_cluster}}
(
    mark_id String,
    kind Enum8('ack' = 1, 'silence' = 2),
    -- An ack names an alert; a silence a rule, or all of them, and groups or labels that have these values.
    alert_id String,
    rule String,
    matching Map(String, String),
    at DateTime64(3, 'UTC'),
    until DateTime64(3, 'UTC'),
    by String,
    note String,
    version UInt64
)
ENGINE = {{replacing everywhere:version}}
ORDER BY mark_id
TTL toDateTime64(at, 0) + toIntervalDay(400)
SETTINGS {{table_settings}}
