-- title: A run that says ok and never reached the end of its states
-- why: A machine with terminal states says when the work is done. A run that ends before that left something undone, and says
--   that all is well.
-- severity: warning
-- owner: agents
-- only_if: run_status = 'ok' AND countIf(kind = 'state') > 0
-- group_by: run_id, machine
SELECT
    run_id,
    toString(any(agent)) AS agent,
    attributes['playhead.transition.machine'] AS machine,
    argMax(step_id, start_time) AS step_id,
    count() AS value,
    format('{} ended with {} in {}, which is no terminal state', if(agent = '', 'a run', agent), machine,
        argMax(attributes['playhead.transition.to'], start_time)) AS summary
FROM steps
WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')}
    AND kind = 'state' AND mapContains(attributes, 'playhead.transition.terminal')
    AND run_id IN (SELECT run_id FROM runs WHERE run_id IN {runs:Array(String)} AND status = 'ok')
GROUP BY run_id, machine
HAVING argMax(attributes['playhead.transition.terminal'], start_time) = 'false'
