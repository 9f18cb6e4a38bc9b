-- title: A tool that changes the world ran without the approval that it always has
-- why: What is asked for in nine runs of ten was forgotten in this one, or the answer was no. Which tools want an approval is
--   taken from their past; a tool after a rejection is told whatever its past.
-- severity: critical
-- owner: agents
-- only_if: countIf(kind = 'tool' AND has(attribute_keys, 'playhead.side_effect')) > 0
-- group_by: run_id, tool
-- lookback: 7d
-- parameter: usual Float64 = 0.9; the share of earlier runs with the tool that asked, from which on it has to be asked for
-- parameter: past UInt32 = 20; earlier runs that are a past
WITH
    used AS
    (
        SELECT run_id, agent, tool, min(start_time) AS first_time, argMin(told.step_id, start_time) AS first_step
        FROM steps AS told
        WHERE run_id IN {runs:Array(String)} AND kind = 'tool' AND attributes['playhead.side_effect'] = 'true'
        GROUP BY run_id, agent, tool
    ),
    answers AS
    (
        SELECT
            run_id,
            minIf(start_time, attributes['playhead.approval.verdict'] = 'approved') AS approved_at,
            countIf(attributes['playhead.approval.verdict'] = 'approved') AS approved,
            countIf(attributes['playhead.approval.verdict'] = 'rejected') AS rejected
        FROM steps
        WHERE run_id IN (SELECT run_id FROM used) AND kind = 'approval'
        GROUP BY run_id
    ),
    habits AS
    (
        SELECT used_tool AS tool, count() AS runs, countIf(position(shape, 'H') > 0) / runs AS share
        FROM run_rows
        ARRAY JOIN tools AS used_tool
        WHERE used_tool IN (SELECT tool FROM used) AND status IN ('ok', 'error')
            AND {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
        GROUP BY used_tool
    )
SELECT
    used.run_id AS run_id,
    toString(used.tool) AS tool,
    first_step AS step_id,
    1 AS value,
    if(rejected > 0, format('{} ran after its approval was refused', tool),
        format('{} ran without an approval; {}% of the runs with it have one', tool, toString(round(100 * share)))) AS summary
FROM used
LEFT JOIN answers ON used.run_id = answers.run_id
LEFT JOIN habits ON used.tool = habits.tool
WHERE (approved = 0 OR approved_at > first_time) AND (rejected > 0 OR (habits.runs >= {past:UInt32} AND share >= {usual:Float64}))
