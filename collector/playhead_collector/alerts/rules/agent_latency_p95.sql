-- title: The slowest runs of an agent are slower than they used to be (p95)
-- why: The mean hides what one user in twenty waits for. Counted is how many runs take longer than all but 5 in a hundred of the
--   agent's past did, and how improbable that many would be by chance.
-- severity: warning
-- owner: agents
-- every: 1m
-- for: 1m
-- group_by: agent
-- lookback: 7d
-- parameter: window UInt32 = 3600; seconds that are now
-- parameter: fewest UInt32 = 20; fewer runs say nothing
-- parameter: times Float64 = 1.5; how many times the past's p95 the window's must be
-- parameter: surprise Float64 = 12; how improbable by chance, as a power of e
WITH
    ended AS
    (
        SELECT agent, run_id, first_step, (toUnixTimestamp64Micro(end_time) - toUnixTimestamp64Micro(start_time)) / 1e6 AS seconds,
            {at:Identifier} > {until:DateTime64(3, 'UTC')} - toIntervalSecond({window:UInt32}) AS is_now
        -- Without FINAL: earlier rows of a run that has ended are few, and merging all runs each time would be dear.
        FROM run_rows
        WHERE status IN ('ok', 'error') AND {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
    ),
    past AS
    (
        SELECT agent, quantile(0.95)(seconds) AS usual, count() AS runs FROM ended WHERE NOT is_now GROUP BY agent
    )
SELECT
    toString(ended.agent) AS agent,
    argMax(run_id, seconds) AS run_id,
    argMax(first_step, seconds) AS step_id,
    count() AS made,
    quantile(0.95)(seconds) AS value,
    countIf(seconds > usual) / made AS share,
    format('p95 of {} is {} s, where it used to be {}', agent, toString(round(value, 1)), toString(round(any(usual), 1))) AS summary
FROM ended
INNER JOIN past ON ended.agent = past.agent
WHERE is_now AND past.runs >= {fewest:UInt32} * 5
GROUP BY agent
HAVING made >= {fewest:UInt32} AND value >= {times:Float64} * any(usual) AND share > 0.05
    AND made * (share * log(share / 0.05) + (1 - share) * log(greatest(1 - share, 1e-9) / 0.95)) >= {surprise:Float64}
