-- Who asks the rules, and how far it got: of those that gave a sign of life lately, the one that began first. One that takes over goes on
-- from where the other stopped.
CREATE TABLE IF NOT EXISTS alert_evaluators{{on_cluster}}
(
    holder String,
    began_at DateTime64(3, 'UTC'),
    alive_at DateTime64(3, 'UTC'),
    -- In microseconds: runs computed until then have been judged.
    judged_until UInt64
)
ENGINE = {{replacing everywhere:alive_at}}
ORDER BY holder
TTL toDateTime64(alive_at, 0) + toIntervalDay(7)
SETTINGS {{table_settings}}
