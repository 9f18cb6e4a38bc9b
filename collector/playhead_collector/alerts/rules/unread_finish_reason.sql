-- title: The last answer was cut off, and the run says ok
-- why: A model that ran into its limit of tokens, or into a filter, says so in its finish reason, and few programs read it. Where
--   the run asked on, or failed, somebody did; where a few tokens were asked for, being cut off is what was wanted.
-- severity: warning
-- owner: agents
-- only_if: run_status = 'ok' AND countIf(kind = 'prompt' AND finish_reason IN ('length', 'content_filter')) > 0
-- parameter: wanted UInt32 = 32; a limit of tokens up to which an answer is meant to be one word
SELECT
    run_id,
    toString(argMax(agent, start_time)) AS agent,
    argMax(step_id, start_time) AS last_step,
    last_step AS step_id,
    1 AS value,
    format('the last answer of {} ended by {}', if(agent = '', 'a run', agent), toString(argMax(finish_reason, start_time))) AS summary
FROM steps
WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')} AND kind = 'prompt'
    AND run_id IN (SELECT run_id FROM runs WHERE run_id IN {runs:Array(String)} AND status = 'ok')
GROUP BY run_id
HAVING argMax(finish_reason, start_time) IN ('length', 'content_filter')
    AND (argMax(toUInt32OrZero(attributes['gen_ai.request.max_tokens']), start_time) AS asked_for = 0 OR asked_for > {wanted:UInt32})
