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
WITH ended AS
(
    SELECT agent, run_id, first_step, start_time, status = 'error' AS failed,
        {at:Identifier} > {until:DateTime64(3, 'UTC')} - toIntervalSecond({window:UInt32}) AS is_now
    -- Without FINAL: earlier rows of a run that has ended are few, and merging all runs each time would be dear.
    FROM run_rows
    WHERE status IN ('ok', 'error') AND {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
)
SELECT
    toString(ended.agent) AS agent,
    argMax(run_id, start_time) AS run_id,
    argMax(first_step, start_time) AS step_id,
    any(judged.made) AS runs,
    any(judged.failures) AS bad,
    any(judged.rate) AS value,
    any(judged.earlier) AS usual,
    format('{} of {} runs of {} failed, where it used to be {}%', toString(bad), toString(runs), agent, toString(round(100 * usual, 1))) AS summary
FROM ended
INNER JOIN
(
    -- By figures alone: ids of all the runs of a past would be most of what is read.
    SELECT agent, countIf(is_now) AS made, countIf(failed AND is_now) AS failures, failures / made AS rate,
        (countIf(failed AND NOT is_now) + 1) / (countIf(NOT is_now) + 3) AS earlier
    FROM ended
    GROUP BY agent
    HAVING failures >= {failures:UInt32} AND rate >= earlier + {more:Float64}
        AND made * (rate * log(rate / earlier) + (1 - rate) * log(greatest(1 - rate, 1e-9) / (1 - earlier))) >= {surprise:Float64}
) AS judged ON ended.agent = judged.agent
WHERE failed AND is_now
GROUP BY agent
