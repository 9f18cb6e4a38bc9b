-- title: A run that began, and then fell silent
-- why: A process that was killed, a call that never returns, a queue that nobody reads: nothing fails, so nothing says so.
--   Silence is measured from the last arrival, so no clock of an agent's decides. A run that waits for a person has a rule of its
--   own, and one that is inside of a tool has twice as long as that tool ever took.
-- severity: warning
-- owner: agents
-- every: 15s
-- group_by: run_id
-- lookback: 1d
-- parameter: silence UInt32 = 300; seconds without a word from an open run
WITH
    silent AS
    (
        SELECT run_id, agent, first_step, dateDiff('second', {at:Identifier}, {until:DateTime64(3, 'UTC')}) AS seconds
        FROM runs
        -- First without FINAL, of which few are open: else the rule would merge all runs each time.
        WHERE run_id IN (SELECT run_id FROM run_rows WHERE status = 'open' AND {at:Identifier} > {since:DateTime64(3, 'UTC')}
                AND {at:Identifier} <= {until:DateTime64(3, 'UTC')} - toIntervalSecond({silence:UInt32}))
            AND status = 'open'
            AND {at:Identifier} > {since:DateTime64(3, 'UTC')}
            AND {at:Identifier} <= {until:DateTime64(3, 'UTC')} - toIntervalSecond({silence:UInt32})
    ),
    within AS
    (
        SELECT run_id, kind, tool, step_id
        FROM steps
        WHERE run_id IN (SELECT run_id FROM silent) AND status = 'open' AND kind IN ('tool', 'approval')
    ),
    patience AS
    (
        SELECT tool, max(toUnixTimestamp64Milli(end_time) - toUnixTimestamp64Milli(start_time)) / 1e3 AS seconds
        FROM step_rows
        WHERE kind = 'tool' AND tool IN (SELECT tool FROM within WHERE kind = 'tool') AND status = 'ok'
            AND start_time > {since:DateTime64(3, 'UTC')} - toIntervalDay(7) AND start_time <= {until:DateTime64(3, 'UTC')}
        GROUP BY tool
    ),
    waiting AS
    (
        SELECT run_id, any(step_id) AS open_step, countIf(kind = 'approval') AS approvals, max(patience.seconds) AS longest
        FROM within
        LEFT JOIN patience ON within.tool = patience.tool
        GROUP BY run_id
    )
SELECT
    run_id,
    if(open_step != '', open_step, first_step) AS step_id,
    silent.seconds AS value,
    format('{} is open and has said nothing for {} s', if(agent = '', 'a run', agent), toString(value)) AS summary
FROM silent
LEFT JOIN waiting ON silent.run_id = waiting.run_id
WHERE approvals = 0 AND value > 2 * longest
