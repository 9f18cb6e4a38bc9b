-- One row a run, computed anew from its deduplicated steps whenever a segment touched it; repeating that changes nothing.
CREATE TABLE IF NOT EXISTS run_rows{{local}}{{on_cluster}}
(
    run_id String,
    name LowCardinality(String),
    start_time DateTime64(9, 'UTC'),
    end_time DateTime64(9, 'UTC'),
    -- open: something in it has not ended; incomplete: its root, or a step that others name as their parent, has not arrived.
    status Enum8('ok' = 0, 'error' = 1, 'open' = 2, 'incomplete' = 3),
    error String,
    service LowCardinality(String),
    agent LowCardinality(String),
    version LowCardinality(String),
    session String,
    user String,
    models Array(LowCardinality(String)),
    tools Array(LowCardinality(String)),
    steps UInt32,
    prompts UInt32,
    tool_calls UInt32,
    errors UInt32,
    open_steps UInt32,
    missing_parents UInt32,
    -- Sums over the calls below: each model call once, whoever told of it. Null where no call said anything.
    input_tokens Nullable(UInt64),
    output_tokens Nullable(UInt64),
    cache_read_tokens Nullable(UInt64),
    cache_write_tokens Nullable(UInt64),
    reasoning_tokens Nullable(UInt64),
    -- Of the calls with a known price; `unpriced_calls` says how many have none.
    cost_usd Nullable(Float64),
    unpriced_calls UInt32,
    calls_without_usage UInt32,
    -- The letters of the steps' kinds in order of their start, at most 64 of them; a failed step is an x.
    shape String,
    -- The earliest step that carries a message, for a first line to show.
    first_step String,
    calls Nested(
        step_id String,
        start_time DateTime64(9, 'UTC'),
        kind Enum8('prompt' = 2, 'retrieval' = 7),
        provider LowCardinality(String),
        model LowCardinality(String),
        input_tokens Nullable(UInt64),
        output_tokens Nullable(UInt64),
        cache_read_tokens Nullable(UInt64),
        cache_write_tokens Nullable(UInt64),
        reasoning_tokens Nullable(UInt64),
        cost_usd Nullable(Float64),
        -- No call, but what several calls inside it used together, of which none says its own.
        is_sum UInt8),
    -- The same calls summed by day and model, nearly always one entry: a million calls took 129 ms of CPU to sum, their hundred
    -- thousand runs 27. Computed here, from what the row says, so the two cannot disagree.
    usage Array(Tuple(
        day Date,
        provider LowCardinality(String),
        model LowCardinality(String),
        calls UInt32,
        input_tokens Nullable(UInt64),
        output_tokens Nullable(UInt64),
        cost_usd Nullable(Float64)))
        MATERIALIZED arrayMap(
            same -> (same[1].1.1, same[1].1.2, same[1].1.3, countEqual(same.2, 0), arrayReduce('sum', same.3),
                arrayReduce('sum', same.4), arrayReduce('sum', same.5)),
            arraySplit((one, before) -> one.1 != before.1, sorted_calls, arrayRotateRight(sorted_calls, 1))),
    sorted_calls Array(Tuple(
        Tuple(Date, LowCardinality(String), LowCardinality(String)),
        UInt8,
        Nullable(UInt64),
        Nullable(UInt64),
        Nullable(Float64)))
        EPHEMERAL arraySort(arrayMap(
            (start, provider, model, is_sum, tokens_in, tokens_out, cost) ->
                ((toDate(start), provider, model), is_sum, tokens_in, tokens_out, cost),
            calls.start_time, calls.provider, calls.model, calls.is_sum, calls.input_tokens, calls.output_tokens,
            calls.cost_usd)),
    -- Of the step that arrived last.
    arrived_at DateTime('UTC'),
    computed_at UInt64
)
ENGINE = {{replacing:computed_at}}
ORDER BY run_id
TTL toDateTime64(arrived_at, 0) + toIntervalDay({{retention_days}})
SETTINGS {{run_settings}}
