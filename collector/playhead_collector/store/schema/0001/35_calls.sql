-- Model calls, each once, with what they cost. A row that is a sum is no call: it has the usage of several, of which none says its own.
CREATE VIEW IF NOT EXISTS calls{{on_cluster}} AS
SELECT
    run_id,
    agent,
    version,
    service,
    call.step_id AS step_id,
    call.start_time AS start_time,
    call.kind AS kind,
    call.provider AS provider,
    call.model AS model,
    call.input_tokens AS input_tokens,
    call.output_tokens AS output_tokens,
    call.cache_read_tokens AS cache_read_tokens,
    call.cache_write_tokens AS cache_write_tokens,
    call.reasoning_tokens AS reasoning_tokens,
    call.cost_usd AS cost_usd,
    call.is_sum AS is_sum
FROM run_rows FINAL
ARRAY JOIN calls AS call
