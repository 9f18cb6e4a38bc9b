-- title: The instructions, or the first question, are no longer in the context
-- why: Whatever trims a conversation trims its beginning first, and an agent that no longer knows what it was told goes on as
--   if it did. Only a prompt that goes on with the same conversation is judged: a side question, and another agent that
--   takes over with instructions of its own, have another beginning by right.
-- severity: critical
-- owner: agents
-- constant: between String = [|},|}, |}]|; what stands between messages, in OpenTelemetry's form
-- only_if: uniqExactIf((has(piece_fields, 'system'), (arrayFilter((h, f) -> f IN ('input', 'input_any')
--   AND NOT has(arrayMap(text -> sipHash128(text), splitByChar('|', {between:String})), h), piece_hashes, piece_fields) AS context)[1]),
--   kind = 'prompt') > 1 AND uniqExactArrayIf(context, kind = 'prompt') < sumIf(length(context), kind = 'prompt')
WITH
    arrayMap(text -> sipHash128(text), splitByChar('|', {between:String})) AS between,
    prompts AS
    (
        SELECT run_id, agent, step_id, start_time, parent_id,
            arrayFilter((h, f) -> f = 'system', piece_hashes, piece_fields) AS system,
            arrayFilter((h, f) -> f IN ('input', 'input_any') AND NOT has(between, h), piece_hashes, piece_fields) AS messages
        FROM steps
        WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')} AND kind = 'prompt'
    ),
    followed AS
    (
        SELECT
            *,
            lagInFrame(messages) OVER conversation AS before,
            first_value(messages) OVER conversation AS first_messages,
            first_value(system) OVER conversation AS first_system
        FROM prompts
        WINDOW conversation AS (PARTITION BY run_id, parent_id ORDER BY start_time ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
SELECT
    run_id,
    toString(any(agent)) AS agent,
    argMin(step_id, start_time) AS step_id,
    count() AS value,
    format('{} prompts went on with the conversation without {}', toString(value),
        if(any(notEmpty(first_system) AND empty(system)), 'its system prompt', 'its first message')) AS summary
FROM followed
WHERE hasAny(messages, before)
    AND ((notEmpty(first_system) AND empty(system)) OR (system = first_system AND notEmpty(first_messages) AND NOT has(messages, first_messages[1])))
GROUP BY run_id
