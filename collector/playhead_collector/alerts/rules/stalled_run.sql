-- title: A run that began, and then fell silent
-- why: A process that was killed, a call that never returns, a queue that nobody reads: nothing fails, so nothing says so.
--   Silence is measured from the last arrival, so no clock of an agent's decides.
-- severity: warning
-- owner: agents
-- every: 15s
-- group_by: run_id
-- lookback: 1d
-- parameter: silence UInt32 = 300; seconds without a word from an open run
SELECT
    run_id,
    first_step AS step_id,
    dateDiff('second', {at:Identifier}, {until:DateTime64(3, 'UTC')}) AS value,
    format('{} is open and has said nothing for {} s', if(agent = '', 'a run', agent), toString(value)) AS summary
FROM runs
WHERE status = 'open'
    AND {at:Identifier} > {since:DateTime64(3, 'UTC')}
    AND {at:Identifier} <= {until:DateTime64(3, 'UTC')} - toIntervalSecond({silence:UInt32})
