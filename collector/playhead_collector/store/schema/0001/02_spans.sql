-- One row a span, read but not stored (Null engine): `step_rows`, `messages` and `responses` are computed from it, so that
-- attributes are looked up and payloads are split once.
--
-- The attributes of the span and of its events stand in one list, the span's own first. Of each, `texts` or `numbers` holds
-- the value: a string, bytes, or a nested array or list as its own protobuf bytes; an integer, the bits of a double, or a
-- boolean. `types` says which (the field number in AnyValue; 0 no value at all, 8 an empty one), so nothing is lost.
CREATE TABLE IF NOT EXISTS spans{{on_cluster}}
(
    scope_hash FixedString(16),
    service String,
    service_version String,
    scope_name String,
    run_id String,
    step_id String,
    parent_id String,
    zero_parent UInt8,
    trace_state String,
    flags UInt32,
    name String,
    span_kind Int32,
    start_ns UInt64,
    end_ns UInt64,
    attribute_count UInt32,
    keys Array(String),
    types Array(UInt8),
    -- Without payloads, which are the pieces below.
    texts Array(String),
    numbers Array(Int64),
    -- What the dialects know of the keys, sorted: field * 2^32 + rank * 2^24 + place. The first entry of a field is its best
    -- alias; `places` says for each field where that is in the lists above, 0 where it is nowhere.
    known Array(UInt64),
    places Array(UInt32),
    -- The numbers among them that the dialects know, whole and not.
    counts Array(Nullable(UInt64)),
    amounts Array(Nullable(Float64)),
    -- What the dialects find in attributes that are JSON, field by field; none at all where the span has none of them.
    json_said Array(String),
    -- Which texts are payloads, and the pieces they are split into: concatenated by owner (a place) they are the payload again.
    is_lifted Array(UInt8),
    pieces Array(String),
    piece_hashes Array(FixedString(16)),
    piece_owners Array(UInt32),
    piece_fields Array(UInt8),
    dropped_attributes UInt32,
    event_times Array(UInt64),
    event_names Array(String),
    event_attribute_counts Array(UInt32),
    event_dropped_attributes Array(UInt32),
    dropped_events UInt32,
    links Array(String),
    dropped_links UInt32,
    status_message String,
    status_code Int32,
    has_status UInt8
)
ENGINE = Null
