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
    first_step,
    {{number}} AS sort_number,
    {{text}} AS sort_text
FROM run_rows FINAL
WHERE true
    -- {conditions}
    -- Where the page before ended; as in the conditions, left out for the first.
    AND (sort_number, sort_text, run_id) {{beyond}} ({last_number:Int64}, {last_text:String}, {last_run:String})
ORDER BY sort_number {{direction}}, sort_text {{direction}}, run_id {{direction}}
LIMIT {limit:UInt32} OFFSET {skip:UInt64}
