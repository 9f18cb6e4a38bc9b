-- title: A context that is nearly as large as the model takes
-- why: What comes next is refused, or something is dropped from the context to make room, often the instructions. Limits are
--   those that models are published with; a model that is not in the list is not judged.
-- severity: warning
-- owner: agents
-- only_if: maxIf(ifNull(input_tokens, 0) + ifNull(output_tokens, 0), kind = 'prompt') >= {share:Float64} * 8000
-- parameter: share Float64 = 0.85; of the model's context, input and output together
WITH windows AS
(
    SELECT run_id, agent, step_id, start_time, model, input_tokens + ifNull(output_tokens, 0) AS used,
        multiIf(
            match(model, 'gpt-4o|gpt-4-turbo|chatgpt-4o|o1-mini'), 128000,
            match(model, 'gpt-4\\.1'), 1000000,
            match(model, 'gpt-5\\.4(-pro)?$'), 1050000,
            match(model, 'gpt-5\\.3(-chat)?$'), 128000,
            match(model, 'gpt-5(\\.[12])?(-mini|-nano|-pro)?(-20[0-9-]+)?$'), 400000,
            match(model, 'gpt-3\\.5-turbo'), 16385,
            match(model, '(^|/)(o1|o3|o4-mini)'), 200000,
            match(model, 'claude-(opus-4-[678]|sonnet-4-6|opus-5|sonnet-5|haiku-5|fable|mythos)'), 1000000,
            match(model, 'claude-(2|3|[a-z]+-4|4)'), 200000,
            match(model, 'gemini-(1\\.5|2\\.0|2\\.5|3).*(flash|pro)'), 1000000,
            match(model, 'gpt-oss'), 131072,
            0) AS window
    FROM steps
    WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')}
        AND kind = 'prompt' AND status = 'ok' AND input_tokens IS NOT NULL
)
SELECT
    run_id,
    toString(any(agent)) AS agent,
    argMax(step_id, used / window) AS step_id,
    max(used / window) AS value,
    format('{} gave {} {} tokens, of {} that it takes', if(agent = '', 'a run', agent), toString(argMax(model, used / window)),
        toString(argMax(used, used / window)), toString(argMax(window, used / window))) AS summary
FROM windows
WHERE window > 0
GROUP BY run_id
HAVING value >= {share:Float64}
