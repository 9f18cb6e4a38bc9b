-- title: A success on arguments or results that are not what was promised
-- why: A tool that is annotated to give a dict and gives None mostly breaks nothing at once: the model makes something up. A call
--   that was made again and kept its promise is mended, and a run that failed has said so.
-- severity: warning
-- owner: agents
-- only_if: run_status = 'ok' AND countIf(has(attribute_keys, 'playhead.contract.violation')) > 0
-- group_by: run_id, called
WITH told AS
(
    SELECT run_id, agent, step_id, start_time, if(kind = 'tool', tool, name) AS called,
        attributes['playhead.contract.violation'] AS violation
    FROM steps
    WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')} AND kind IN ('tool', 'agent')
        AND run_id IN (SELECT run_id FROM runs WHERE run_id IN {runs:Array(String)} AND status = 'ok')
)
SELECT
    run_id,
    toString(any(agent)) AS agent,
    toString(called) AS called,
    argMaxIf(step_id, start_time, violation != '') AS step_id,
    countIf(violation != '') AS value,
    format('{}: {}', called, argMaxIf(violation, start_time, violation != '')) AS summary
FROM told
GROUP BY run_id, called
HAVING value > 0 AND argMax(violation, start_time) != ''
