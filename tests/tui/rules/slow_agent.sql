-- title: Runs of an agent take longer than somebody waits
-- why: A user who waits for three minutes has gone by then.
-- severity: warning
-- owner: platform
-- every: 1m
-- for: 1m
-- group_by: agent
-- lookback: 1h
-- parameter: seconds Float64 = 60; what somebody waits
SELECT
    argMax(run_id, runs.seconds) AS run_id,
    argMax(first_step, runs.seconds) AS step_id,
    toString(agent) AS agent,
    max(runs.seconds) AS value,
    format('the slowest run of {} took {} s', agent, toString(round(value))) AS summary
FROM runs
WHERE {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')} AND runs.seconds > {seconds:Float64}
GROUP BY agent
