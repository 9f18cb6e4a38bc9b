-- Log records, verbatim, joined to their step by (run, step). They have no id of their own: equal records of one step at one time
-- are told apart by what they say, so a resend is one row.
CREATE TABLE IF NOT EXISTS log_rows{{local}}{{on_cluster}}
(
    run_id String,
    step_id String,
    time DateTime64(9, 'UTC'),
    record_hash FixedString(16),
    time_ns UInt64,
    observed_ns UInt64,
    severity Int32,
    severity_text LowCardinality(String),
    event_name LowCardinality(String),
    service LowCardinality(String),
    session String,
    user String,
    agent LowCardinality(String),
    piece_hashes Array(FixedString(16)),
    piece_owners Array(UInt32),
    attribute_keys Array(LowCardinality(String)),
    attribute_types Array(UInt8),
    attribute_texts Array(String),
    attribute_numbers Array(Int64),
    scope_hash FixedString(16),
    dropped_attributes UInt32,
    flags UInt32,
    arrived_at DateTime('UTC')
)
ENGINE = {{replacing}}
PARTITION BY toDate(time)
ORDER BY (run_id, step_id, time, record_hash)
TTL toDateTime64(arrived_at, 0) + toIntervalDay({{retention_days}})
SETTINGS {{table_settings}}
