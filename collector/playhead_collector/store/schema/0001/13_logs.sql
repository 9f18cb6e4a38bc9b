-- One row a log record, read but not stored (Null engine). The body is the last of the list of attributes, under an empty key.
CREATE TABLE IF NOT EXISTS logs{{on_cluster}}
(
    scope_hash FixedString(16),
    service String,
    run_id String,
    step_id String,
    time_ns UInt64,
    observed_ns UInt64,
    known_ns UInt64,
    severity Int32,
    severity_text String,
    event_name String,
    keys Array(String),
    types Array(UInt8),
    texts Array(String),
    numbers Array(Int64),
    known Array(UInt64),
    places Array(UInt32),
    json_said Array(String),
    is_lifted Array(UInt8),
    pieces Array(String),
    piece_hashes Array(FixedString(16)),
    piece_owners Array(UInt32),
    dropped_attributes UInt32,
    flags UInt32
)
ENGINE = Null
