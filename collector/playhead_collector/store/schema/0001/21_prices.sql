-- What a model cost on a day, in USD per million tokens, resolved once for each (provider, model, day) that a step named. A row
-- with `known = 0` says that nobody knows: such a call has no cost, not a cost of zero. A price that depends on the size of the
-- context has several rows; the one with the largest `from_input_tokens` not above the call's input counts.
CREATE TABLE IF NOT EXISTS prices{{on_cluster}}
(
    provider LowCardinality(String),
    model String,
    day Date,
    from_input_tokens UInt64,
    known UInt8,
    input_price Float64,
    output_price Float64,
    cache_read_price Float64,
    cache_write_price Float64,
    source String,
    resolved_at DateTime64(3, 'UTC')
)
ENGINE = {{replacing everywhere:resolved_at}}
ORDER BY (provider, model, day, from_input_tokens)
SETTINGS {{table_settings}}
