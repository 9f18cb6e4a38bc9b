-- title: A tool that changes the world ran without the approval that it always has
-- why: What is asked for in nine runs of ten was forgotten in this one, or the answer was no. Which tools want an approval is
--   taken from their past; a tool that an approval names, and that runs after its rejection, is told whatever its past.
-- severity: critical
-- owner: agents
-- only_if: countIf(kind = 'tool' AND has(attribute_keys, 'playhead.side_effect')) > 0
-- group_by: run_id, tool
-- lookback: 7d
-- parameter: usual Float64 = 0.9; the share of runs with the tool, this one too, that asked, from which on it has to be asked for
WITH
    uses AS
    (
        SELECT run_id, tool, step_id, start_time
        FROM steps
        WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')} AND kind = 'tool'
            AND attributes['playhead.side_effect'] = 'true'
    ),
    approvals AS
    (
        SELECT
            asked.run_id AS run_id,
            groupArray((asked.end_time, asked.attributes['playhead.approval.verdict'],
                lower(asked.attributes['playhead.approval.action']))) AS answers,
            -- A tool may ask for itself, in its own step or in one that it calls; then it waits for the answer, and knows it.
            groupUniqArrayArray([asked.parent_id, around.parent_id]) AS within
        FROM steps AS asked
        LEFT JOIN
        (
            SELECT run_id, step_id, parent_id
            FROM steps
            WHERE run_id IN (SELECT run_id FROM uses) AND start_time >= {began:DateTime64(3, 'UTC')}
        ) AS around ON asked.run_id = around.run_id AND asked.parent_id = around.step_id
        WHERE asked.run_id IN (SELECT run_id FROM uses) AND asked.start_time >= {began:DateTime64(3, 'UTC')} AND asked.kind = 'approval'
        GROUP BY run_id
    ),
    judged AS
    (
        SELECT
            uses.run_id AS run_id,
            uses.tool AS tool,
            uses.step_id AS step_id,
            uses.start_time AS start_time,
            arraySort(answer -> answer.1, arrayFilter(answer -> answer.1 <= uses.start_time AND answer.2 != '', answers)) AS before,
            -- What names the tool is about it; what names none of them may be.
            arrayFilter(answer -> position(answer.3, lower(toString(uses.tool))) > 0, before) AS about,
            if(empty(about), before, about)[-1].2 AS verdict
        FROM uses
        LEFT JOIN approvals ON uses.run_id = approvals.run_id
        WHERE NOT has(within, uses.step_id)
    ),
    habits AS
    (
        SELECT used_tool AS tool, count() AS runs, countIf(position(shape, 'H') > 0) AS asking
        FROM run_rows
        ARRAY JOIN tools AS used_tool
        WHERE used_tool IN (SELECT tool FROM uses) AND status IN ('ok', 'error')
            AND {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
        GROUP BY used_tool
    )
SELECT
    judged.run_id AS run_id,
    toString(judged.tool) AS tool,
    argMin(judged.step_id, judged.start_time) AS step_id,
    count() AS value,
    argMin(if(verdict = 'rejected', format('{} ran after its approval was refused', toString(judged.tool)),
        format('{} ran without an approval; {}% of the runs with it have one', toString(judged.tool),
        toString(round(100 * asking / runs)))), judged.start_time) AS summary
FROM judged
LEFT JOIN habits ON judged.tool = habits.tool
WHERE verdict != 'approved'
    -- This one did not ask, whether it is among those that ended or not; so a habit needs nine at the least.
    AND ((verdict = 'rejected' AND notEmpty(about)) OR asking >= {usual:Float64} * greatest(habits.runs, asking + 1))
GROUP BY run_id, tool
