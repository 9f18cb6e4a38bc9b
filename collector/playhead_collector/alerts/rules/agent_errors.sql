-- title: An agent whose runs fail more often than they used to
-- why: A rate of errors that is right for one agent is an outage of another, so each is held against its own past.
-- severity: critical
-- owner: agents
-- every: 1m
-- for: 1m
-- group_by: agent
-- lookback: 7d
-- parameter: window UInt32 = 7200; seconds that are now
-- parameter: failures UInt32 = 5; fewer failed runs are none
-- parameter: more Float64 = 0.1; by how much the rate must be higher
-- parameter: surprise Float64 = 10; how improbable at the old rate, as a power of e
SELECT
    toString(agent) AS agent,
    argMaxIf(run_id, start_time, failed AND is_now) AS run_id,
    argMaxIf(first_step, start_time, failed AND is_now) AS step_id,
    countIf(is_now) AS runs,
    countIf(failed AND is_now) AS bad,
    bad / runs AS value,
    (countIf(failed AND NOT is_now) + 1) / (countIf(NOT is_now) + 3) AS usual,
    format('{} of {} runs of {} failed, where it used to be {}%', toString(bad), toString(runs), agent, toString(round(100 * usual, 1))) AS summary
FROM
(
    SELECT agent, run_id, first_step, start_time, status = 'error' AS failed,
        {at:Identifier} > {until:DateTime64(3, 'UTC')} - toIntervalSecond({window:UInt32}) AS is_now
    -- Without FINAL: earlier rows of a run that has ended are few, and merging all runs each time would be dear.
    FROM run_rows
    WHERE status IN ('ok', 'error') AND {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
) AS ended
GROUP BY agent
HAVING bad >= {failures:UInt32} AND value >= usual + {more:Float64}
    AND runs * (value * log(value / usual) + (1 - value) * log(greatest(1 - value, 1e-9) / (1 - usual))) >= {surprise:Float64}
