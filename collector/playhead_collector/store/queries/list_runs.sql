-- Not through the view `runs`, whose sixty columns would be analysed first, a tenth of all that this takes.
SELECT
    run_id,
    toString(name) AS name,
    toString(status) AS status,
    error,
    start_time,
    if(status = 'open', NULL, (toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time)) / 1e9) AS seconds,
    toString(agent) AS agent,
    toString(version) AS version,
    toString(service) AS service,
    session,
    user,
    models,
    tools,
    steps,
    prompts,
    tool_calls,
    errors,
    input_tokens,
    output_tokens,
    cost_usd,
    unpriced_calls,
    calls_without_usage,
    open_steps,
    missing_parents,
    shape,
    first_step
FROM run_rows FINAL
-- A condition whose value is not asked for is left out, so each is one line.
WHERE true
    AND start_time >= {since:DateTime64(9, 'UTC')}
    AND start_time < {until:DateTime64(9, 'UTC')}
    AND agent LIKE {agent:String}
    AND toString(status) = {status:String}
    AND user LIKE {user:String}
    AND session LIKE {session:String}
    AND version LIKE {version:String}
    AND arrayExists(m -> m LIKE {model:String}, models)
    AND arrayExists(t -> t LIKE {tool:String}, tools)
    AND cost_usd >= {min_cost:Float64}
    AND ifNull(input_tokens, 0) + ifNull(output_tokens, 0) >= {min_tokens:UInt64}
    -- {text}
ORDER BY start_time DESC, run_id
LIMIT {limit:UInt32}
