-- What a step cost its run says; it is NULL where it is not known, and of what is no call.
SELECT
    run_id,
    step_id,
    parent_id,
    toString(kind) AS kind,
    toString(name) AS name,
    start_time,
    seconds,
    toString(status) AS status,
    toString(error_type) AS error_type,
    status_message,
    toString(service) AS service,
    toString(agent) AS agent,
    toString(version) AS version,
    session,
    user,
    toString(provider) AS provider,
    toString(model) AS model,
    response_id,
    toString(finish_reason) AS finish_reason,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    reasoning_tokens,
    reported_cost,
    calls.counted AS counted,
    calls.cost_usd AS cost_usd,
    toString(tool) AS tool,
    tool_call_id,
    attributes
FROM steps
LEFT JOIN
(
    SELECT run_id, calls.step_id AS step_id, NOT calls.is_sum AS counted, calls.cost_usd AS cost_usd
    FROM run_rows FINAL
    ARRAY JOIN calls
    WHERE run_id IN {runs:Array(String)}
) AS calls USING (run_id, step_id)
WHERE run_id IN {runs:Array(String)}
ORDER BY run_id, start_time, step_id
