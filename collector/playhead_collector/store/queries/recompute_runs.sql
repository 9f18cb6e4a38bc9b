-- One row for each of the given runs, from its deduplicated steps. `uncounted` names steps (run and step id, joined) that tell of a
-- call which another step counts.
INSERT INTO run_rows
WITH
    priced AS
    (
        SELECT provider, model, day, arraySort(groupArray((from_input_tokens, input_price, output_price, cache_read_price,
            cache_write_price))) AS tiers
        FROM prices FINAL
        WHERE known = 1 AND (provider, model, day) IN {models:Array(Tuple(String, String, Date))}
        GROUP BY provider, model, day
    ),
    -- Columns by name: with a star each of the sixty would be resolved again at every level, 20 ms of each statement.
    costed AS
    (
        SELECT
            run_id,
            step_id,
            parent_id,
            kind,
            name,
            status,
            status_code,
            status_message,
            error_type,
            service,
            agent,
            version,
            session,
            user,
            told.provider AS provider,
            if(response_model != '', response_model, request_model) AS model,
            tool,
            start_time,
            arrived_at,
            toUnixTimestamp64Nano(start_time) AS start_ns,
            toUnixTimestamp64Nano(end_time) AS end_ns,
            has(piece_fields, 'input') OR has(piece_fields, 'input_any') AS has_input,
            parent_id = '' OR bitAnd(flags, 512) != 0 AS is_top,
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            reasoning_tokens,
            concat(run_id, step_id) AS key,
            key IN {uncounted:Array(String)} AS is_repeat,
            (kind = 'prompt' OR (kind = 'retrieval' AND (model != '' OR input_tokens IS NOT NULL))) AND NOT is_repeat AS is_call,
            is_call AND kind = 'prompt' AS is_prompt_call,
            kind = 'tool' AND NOT is_repeat AS is_tool_call,
            -- A wrapper of several calls may alone know what they used; it is no call, and its tokens count.
            is_call OR key IN {usage_only:Array(String)} AS has_numbers,
            has_numbers AND kind = 'prompt' AS has_tokens,
            key IN {covered:Array(String)} AS is_covered,
            -- A count of cached tokens above the input's own is not one that includes them: then the cost is unknown.
            ifNull(cache_read_tokens, 0) + ifNull(cache_write_tokens, 0) AS cached,
            arrayLast(t -> t.1 <= input_tokens, tiers) AS tier,
            multiIf(
                NOT has_numbers, NULL,
                reported_cost IS NOT NULL, reported_cost,
                empty(tiers) OR input_tokens IS NULL OR (kind = 'prompt' AND output_tokens IS NULL) OR cached > input_tokens,
                    NULL,
                ((input_tokens - cached) * tier.2 + ifNull(output_tokens, 0) * tier.3
                    + ifNull(cache_read_tokens, 0) * tier.4 + ifNull(cache_write_tokens, 0) * tier.5) / 1e6) AS cost
        -- What was said of a run from outside of it, days later perhaps, is nothing that it did.
        FROM (SELECT * FROM step_rows {{final}} WHERE run_id IN {runs:Array(String)} AND NOT (operation = 'feedback' AND kind = 'score')) AS told
        LEFT ANY JOIN priced ON told.provider = priced.provider
            AND if(told.response_model != '', told.response_model, told.request_model) = priced.model
            AND toDate(told.start_time) = priced.day
    ),
    of_logs AS
    (
        SELECT run_id, anyIf(session, session != '') AS log_session, anyIf(user, user != '') AS log_user,
            anyIf(agent, agent != '') AS log_agent
        FROM log_rows
        WHERE run_id IN {runs:Array(String)}
        GROUP BY run_id
    ),
    summed AS
    (
        SELECT
            run_id,
            min(start_ns) AS first_ns,
            max(greatest(start_ns, end_ns)) AS last_ns,
            max(arrived_at) AS arrived_,
            groupUniqArrayIf(parent_id, NOT is_top) AS parents,
            groupArray(step_id) AS ids,
            argMinIf(step_id, start_ns, is_top) AS root_id,
            countIf(is_top) AS tops,
            argMinIf(tuple(name, status, status_code, status_message), start_ns, is_top) AS root,
            argMin(name, start_ns) AS first_name,
            arraySort(groupArrayIf(tuple(end_ns, parent_id, status, status_message), kind = 'agent' AND NOT is_top)) AS inner_ends,
            argMaxIf(if(status_message != '', status_message, toString(error_type)), end_ns, status = 'error') AS last_error,
            argMinIf(toString(service), start_ns, service != '') AS service_,
            if(countIf(agent != '' AND kind = 'agent') > 0, argMinIf(toString(agent), start_ns, agent != '' AND kind = 'agent'),
                argMinIf(toString(agent), start_ns, agent != '')) AS agent_,
            argMinIf(toString(version), start_ns, version != '') AS version_,
            argMinIf(session, start_ns, session != '') AS session_,
            argMinIf(user, start_ns, user != '') AS user_,
            groupUniqArrayIf(toString(model), has_numbers AND model != '') AS models_,
            groupUniqArrayIf(toString(tool), kind = 'tool' AND tool != '') AS tools_,
            count() AS steps_,
            countIf(is_prompt_call) AS prompts_,
            countIf(is_tool_call) AS tool_calls_,
            countIf(status = 'error') AS errors_,
            countIf(status = 'open') AS open_,
            sumIf(input_tokens, has_tokens) AS input_,
            sumIf(output_tokens, has_tokens) AS output_,
            sumIf(cache_read_tokens, has_tokens) AS cache_read_,
            sumIf(cache_write_tokens, has_tokens) AS cache_write_,
            sumIf(reasoning_tokens, has_tokens) AS reasoning_,
            sum(cost) AS cost_,
            countIf(has_numbers AND NOT is_covered AND cost IS NULL AND status = 'ok') AS unpriced_,
            countIf(is_prompt_call AND NOT is_covered AND input_tokens IS NULL AND status = 'ok') AS without_usage_,
            arrayStringConcat(arrayMap(x -> x.2, arraySlice(arraySort(groupArrayIf((start_ns, if(status = 'error', 'x',
                transform(toString(kind), ['prompt', 'tool', 'state', 'decision', 'approval', 'retrieval', 'guardrail', 'effect',
                    'score'], ['P', 'T', 'S', 'D', 'H', 'R', 'G', 'E', 'C'], ''))), kind NOT IN ('other', 'agent'))), 1, 64))) AS shape_,
            argMinIf(step_id, start_ns, has_input) AS first_step_,
            groupArrayIf(step_id, has_numbers) AS c_step,
            groupArrayIf(start_time, has_numbers) AS c_start,
            groupArrayIf(toString(kind), has_numbers) AS c_kind,
            groupArrayIf(toString(provider), has_numbers) AS c_provider,
            groupArrayIf(toString(model), has_numbers) AS c_model,
            -- groupArray skips nulls; a tuple keeps them in step with the rest.
            groupArrayIf(tuple(input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost), has_numbers) AS c_numbers,
            groupArrayIf(NOT is_call, has_numbers) AS c_is_sum
        FROM costed
        GROUP BY run_id
    ),
    arrayLast(e -> e.2 = root_id, inner_ends) AS last_inner
SELECT
    run_id,
    if(tops > 0, toString(root.1), toString(first_name)) AS name,
    fromUnixTimestamp64Nano(first_ns, 'UTC') AS start_time,
    fromUnixTimestamp64Nano(last_ns, 'UTC') AS end_time,
    multiIf(
        tops > 0 AND root.2 = 'open', 'open',
        tops = 0 AND open_ > 0, 'open',
        tops = 0 OR missing_parents > 0 OR open_ > 0, 'incomplete',
        root.2 = 'error', 'error',
        -- A workflow that says neither ok nor error ended as the last agent directly in it did. Not as the last prompt: what an
        -- application catches is its own affair.
        root.3 = 0 AND last_inner.3 = 'error', 'error',
        'ok') AS status,
    if(status = 'error', multiIf(root.4 != '', root.4, last_inner.4 != '', last_inner.4, last_error), '') AS error,
    service_,
    if(agent_ != '', agent_, log_agent),
    version_,
    if(session_ != '', session_, log_session),
    if(user_ != '', user_, log_user),
    arraySort(models_),
    arraySort(tools_),
    steps_,
    prompts_,
    tool_calls_,
    errors_,
    open_,
    length(arrayExcept(parents, ids)) AS missing_parents,
    input_,
    output_,
    cache_read_,
    cache_write_,
    reasoning_,
    cost_,
    unpriced_,
    without_usage_,
    shape_,
    first_step_,
    c_step,
    c_start,
    c_kind,
    c_provider,
    c_model,
    c_numbers.1,
    c_numbers.2,
    c_numbers.3,
    c_numbers.4,
    c_numbers.5,
    c_numbers.6,
    c_is_sum,
    arrived_,
    toUnixTimestamp64Micro(now64(6))
FROM summed
LEFT ANY JOIN of_logs ON summed.run_id = of_logs.run_id
-- The next segment may have brought steps since the facts above were looked up, copies perhaps: then it brings the row, too.
WHERE steps_ = transform(run_id, {runs:Array(String)}, {steps:Array(UInt64)}, 0::UInt64)
