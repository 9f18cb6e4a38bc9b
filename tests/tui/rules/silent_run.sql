-- title: A run that began, and then fell silent
-- why: A process that was killed, or a queue that nobody reads: nothing fails, so nothing says so.
-- severity: info
-- for: 5m
-- group_by: run_id
SELECT run_id, first_step AS step_id, 1 AS value, 'it is open and says nothing' AS summary
FROM runs
WHERE run_id IN {runs:Array(String)} AND status = 'open'
