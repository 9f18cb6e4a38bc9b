-- The figures of each step, without what it says: of 10,000 steps a fifth of the time.
SELECT
    step_id,
    parent_id,
    toString(name) AS name,
    kind,
    start_time,
    if(status = 'open', NULL, (toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time)) / 1e9) AS seconds,
    status,
    if(status_message != '', status_message, toString(error_type)) AS error,
    tool,
    provider,
    if(response_model != '', response_model, request_model) AS model,
    finish_reason,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    reasoning_tokens,
    first_token_seconds,
    state,
    arguments_hash,
    operation = 'feedback' AND kind = 'score' AS from_outside
FROM step_rows FINAL
PREWHERE run_id = {run:String}
