-- Every step as it arrived last. A step is known by (run, step): a resend, another grouping, an open step and its end are one row
-- after merges, and one row in the view `steps` before them. A run's steps lie together on disk.
CREATE TABLE IF NOT EXISTS step_rows{{local}}{{on_cluster}}
(
    run_id String,
    step_id String,
    parent_id String,
    kind Enum8('other' = 0, 'agent' = 1, 'prompt' = 2, 'tool' = 3, 'state' = 4, 'decision' = 5, 'approval' = 6,
        'retrieval' = 7, 'guardrail' = 8, 'effect' = 9, 'score' = 10),
    name LowCardinality(String),
    start_time DateTime64(9, 'UTC'),
    -- 1970 while the step is open.
    end_time DateTime64(9, 'UTC'),
    status Enum8('ok' = 0, 'error' = 1, 'open' = 2),
    error_type LowCardinality(String),
    status_message String,
    service LowCardinality(String),
    agent LowCardinality(String),
    version LowCardinality(String),
    session String,
    user String,
    operation LowCardinality(String),
    provider LowCardinality(String),
    request_model LowCardinality(String),
    response_model LowCardinality(String),
    response_id String,
    finish_reason LowCardinality(String),
    -- Null is unknown: an emitter that says nothing of tokens did not use none.
    input_tokens Nullable(UInt64),
    output_tokens Nullable(UInt64),
    cache_read_tokens Nullable(UInt64),
    cache_write_tokens Nullable(UInt64),
    reasoning_tokens Nullable(UInt64),
    reported_cost Nullable(Float64),
    first_token_seconds Nullable(Float64),
    tool LowCardinality(String),
    tool_call_id String,
    -- Of the arguments' text: equal calls have equal hashes. 0 where there are none.
    arguments_hash UInt64,
    state LowCardinality(String),
    is_answer_log UInt8,

    -- The step's messages, arguments and results: piece after piece, by hash, in `messages`.
    -- Each step of a conversation repeats those of the step before it, thousands at a time. So blocks are large (a granule of long
    -- conversations, or several of short ones), and the codec looks for long repeats up to 16 MB back: at no more work, of the deepest
    -- runs' hashes it leaves 0.37 where ZSTD(3) left 0.68.
    piece_hashes Array(FixedString(16)) CODEC(ZSTD(1, 24)) SETTINGS (min_compress_block_size = 1048576, max_compress_block_size = 16777216),
    piece_owners Array(UInt32) CODEC(ZSTD(1, 24)) SETTINGS (min_compress_block_size = 1048576, max_compress_block_size = 4194304),
    piece_fields Array(Enum8('other' = 0, 'input' = 1, 'output' = 2, 'system' = 3, 'tools' = 4, 'arguments' = 5,
        'result' = 6, 'input_any' = 7, 'output_any' = 8)),

    -- The rest of the span, verbatim. A payload's text is empty here; its pieces have its place as their owner.
    attribute_count UInt32,
    attribute_keys Array(LowCardinality(String)) CODEC(ZSTD(1, 24)) SETTINGS (max_compress_block_size = 4194304),
    attribute_types Array(UInt8),
    attribute_texts Array(String),
    attribute_numbers Array(Int64),
    event_times Array(UInt64),
    event_names Array(LowCardinality(String)),
    event_attribute_counts Array(UInt32),
    event_dropped_attributes Array(UInt32),
    links Array(String),
    scope_hash FixedString(16),
    trace_state String,
    flags UInt32,
    span_kind Int32,
    status_code Int32,
    has_status UInt8,
    zero_parent UInt8,
    dropped_attributes UInt32,
    dropped_events UInt32,
    dropped_links UInt32,

    -- Retention counts from here, not from the start: what is imported, or comes late, is kept as long as anything else, and no
    -- clock can be wrong about it.
    arrived_at DateTime('UTC'),
    -- What arrived last replaces what came before it, but an open step never replaces its end.
    version_of_row UInt64,

    -- Run ids are random, so each lies within some granule of every part. This says in which ones it really is: without it,
    -- recomputing a thousand fresh runs would read all of the day.
    INDEX runs run_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = {{replacing:version_of_row}}
PARTITION BY toDate(start_time)
ORDER BY (run_id, step_id)
TTL toDateTime64(arrived_at, 0) + toIntervalDay({{retention_days}})
SETTINGS {{step_settings}}
