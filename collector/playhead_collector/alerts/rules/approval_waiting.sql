-- title: An approval that nobody gives
-- why: A run that asks and is not answered costs a customer's time and nobody's attention.
-- severity: warning
-- owner: agents
-- every: 1m
-- group_by: run_id, action
-- lookback: 7d
-- parameter: wait UInt32 = 3600; seconds after which an open approval has waited too long
SELECT
    run_id,
    step_id,
    attributes['playhead.approval.action'] AS action,
    dateDiff('second', start_time, {until:DateTime64(3, 'UTC')}) AS value,
    format('{} waits for an approval of {} since {} min', if(agent = '', 'a run', agent), action, toString(intDiv(value, 60))) AS summary
FROM steps
-- First without FINAL, of which few are open: else the rule would merge all runs each time.
WHERE run_id IN (SELECT run_id FROM run_rows WHERE status = 'open' AND {at:Identifier} > {since:DateTime64(3, 'UTC')}
        AND {at:Identifier} <= {until:DateTime64(3, 'UTC')})
    AND run_id IN (SELECT run_id FROM runs WHERE status = 'open' AND run_id IN (SELECT run_id FROM run_rows WHERE status = 'open'))
    AND kind = 'approval' AND status = 'open' AND value >= {wait:UInt32}
