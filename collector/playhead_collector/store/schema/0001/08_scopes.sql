-- The resource and scope of steps, verbatim, once a run.
CREATE TABLE IF NOT EXISTS scope_rows{{local}}{{on_cluster}}
(
    run_id String,
    hash FixedString(16),
    has_resource Enum8('no' = 0, 'resource' = 1),
    resource {{resource_type}},
    resource_schema_url String,
    has_scope Enum8('no' = 0, 'scope' = 1),
    scope {{scope_type}},
    scope_schema_url String,
    arrived_at DateTime('UTC')
)
ENGINE = {{replacing}}
PARTITION BY toDate(arrived_at)
ORDER BY (run_id, hash)
TTL toDateTime64(arrived_at, 0) + toIntervalDay({{retention_days}} + 1)
SETTINGS {{table_settings}}
