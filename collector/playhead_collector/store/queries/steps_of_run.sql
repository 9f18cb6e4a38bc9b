SELECT
    s.run_id,
    s.step_id,
    parent_id,
    toString(s.kind) AS kind,
    toString(name) AS name,
    s.start_time,
    seconds,
    toString(status) AS status,
    if(status_message != '', status_message, toString(error_type)) AS error,
    toString(tool) AS tool,
    toString(s.provider) AS provider,
    toString(s.model) AS model,
    toString(finish_reason) AS finish_reason,
    s.input_tokens,
    s.output_tokens,
    s.cache_read_tokens,
    s.reasoning_tokens,
    first_token_seconds,
    toString(state) AS state,
    c.step_id != '' AND c.is_sum = 0 AS counted,
    if(c.step_id != '', c.cost_usd, NULL) AS cost_usd
FROM steps AS s
LEFT JOIN (SELECT step_id, cost_usd, is_sum FROM calls WHERE run_id = {run:String}) AS c ON c.step_id = s.step_id
WHERE s.run_id = {run:String}
ORDER BY s.start_time, s.step_id
