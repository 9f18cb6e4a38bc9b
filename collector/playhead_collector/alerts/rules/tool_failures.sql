-- title: A tool that fails more often than it used to
-- why: An agent hides a failing tool behind retries and guesses. Some tools always fail now and then, so each is held against
--   its own past; that a few calls failed by chance is excluded by how improbable it would be.
-- severity: critical
-- owner: platform
-- every: 1m
-- for: 1m
-- group_by: tool
-- lookback: 7d
-- parameter: window UInt32 = 3600; seconds that are now
-- parameter: failures UInt32 = 5; fewer runs in which it failed are none
-- parameter: more Float64 = 0.1; by how much the rate must be higher
-- parameter: surprise Float64 = 12; how improbable at the old rate, as a power of e
SELECT
    toString(tool) AS tool,
    argMaxIf(run_id, last_time, failed AND is_now) AS run_id,
    argMaxIf(last_step, last_time, failed AND is_now) AS step_id,
    countIf(is_now) AS calling,
    countIf(failed AND is_now) AS bad,
    bad / calling AS value,
    -- As if two more had gone well and one had failed: a tool without a past is not told of at its first failure.
    (countIf(failed AND NOT is_now) + 1) / (countIf(NOT is_now) + 3) AS usual,
    format('{} failed in {} of {} runs, where it used to in {}%', tool, toString(bad), toString(calling), toString(round(100 * usual, 1))) AS summary
FROM
(
    -- By run: ten attempts of one run at one call are one failure, not ten.
    SELECT tool, run_id, {at:Identifier} > {until:DateTime64(3, 'UTC')} - toIntervalSecond({window:UInt32}) AS is_now,
        countIf(status = 'error') > 0 AS failed, max(start_time) AS last_time,
        argMax(step_rows.step_id, (status = 'error', start_time)) AS last_step
    -- Without FINAL: a copy of an ended step, sent again, changes nothing here, and merging a week would be dear.
    FROM step_rows
    WHERE kind = 'tool' AND status != 'open'
        AND start_time > {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
        AND {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
        -- A past is read of tools alone that fail now, which mostly is none.
        AND tool IN
        (
            SELECT tool
            FROM step_rows
            WHERE kind = 'tool' AND status = 'error' AND start_time > {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
                AND {at:Identifier} > {until:DateTime64(3, 'UTC')} - toIntervalSecond({window:UInt32})
                AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
            GROUP BY tool
            HAVING uniqExact(run_id) >= {failures:UInt32}
        )
    GROUP BY tool, run_id, is_now
)
GROUP BY tool
HAVING bad >= {failures:UInt32} AND value >= usual + {more:Float64}
    AND calling * (value * log(value / usual) + (1 - value) * log(greatest(1 - value, 1e-9) / (1 - usual))) >= {surprise:Float64}
