-- Model calls, each once, with what they cost. Column by column, so that a query unfolds the ones that it reads and no others.
CREATE VIEW IF NOT EXISTS calls{{on_cluster}} AS
SELECT
    run_id,
    agent,
    version,
    service,
    call_step_id AS step_id,
    call_start_time AS start_time,
    call_kind AS kind,
    call_provider AS provider,
    call_model AS model,
    call_input_tokens AS input_tokens,
    call_output_tokens AS output_tokens,
    call_cache_read_tokens AS cache_read_tokens,
    call_cache_write_tokens AS cache_write_tokens,
    call_reasoning_tokens AS reasoning_tokens,
    call_cost_usd AS cost_usd,
    -- 1 where this is the usage of several calls that only their wrapper knows, and no call of its own.
    call_is_sum AS is_sum
FROM run_rows FINAL
ARRAY JOIN
    calls.step_id AS call_step_id,
    calls.start_time AS call_start_time,
    calls.kind AS call_kind,
    calls.provider AS call_provider,
    calls.model AS call_model,
    calls.input_tokens AS call_input_tokens,
    calls.output_tokens AS call_output_tokens,
    calls.cache_read_tokens AS call_cache_read_tokens,
    calls.cache_write_tokens AS call_cache_write_tokens,
    calls.reasoning_tokens AS call_reasoning_tokens,
    calls.cost_usd AS call_cost_usd,
    calls.is_sum AS call_is_sum
