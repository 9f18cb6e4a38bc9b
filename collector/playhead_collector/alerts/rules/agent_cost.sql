-- title: An agent whose runs cost more than they used to
-- why: A prompt that grew, a cache that no longer hits, a model that was exchanged: no single run is out of the ordinary, and the
--   bill is. Held against the agent's own past, by the run, so that a busy hour is no alarm. Long runs cost many times what short
--   ones do, and hide what befalls both; so it is looked at by the step, too. The past is the middle of seven days, so that one
--   dear morning is not what is usual, and of the last one, so that what is over (a cheap day) is not either.
-- severity: warning
-- owner: agents
-- every: 1m
-- for: 1m
-- group_by: agent
-- lookback: 7d
-- constant: unit String = USD
-- parameter: window UInt32 = 3600; seconds that are now; three times as many are, too, where that alone is too little to tell
-- parameter: fewest UInt32 = 10; fewer runs say nothing
-- parameter: times Float64 = 2; how many times more a typical run must take
-- parameter: sigmas Float64 = 8; how far from what chance makes of so many runs, by the run or by the step
WITH ended AS
(
    SELECT agent, run_id, first_step, steps,
        toFloat64(if({unit:String} = 'USD', ifNull(cost_usd, 0), ifNull(input_tokens, 0) + ifNull(output_tokens, 0))) AS used,
        {at:Identifier} AS at, dateDiff('second', at, {until:DateTime64(3, 'UTC')}) AS ago,
        ago < {window:UInt32} AS is_new,
        -- The past is told in parts as long as what is now.
        intDiv(ago, 3 * {window:UInt32}) AS part
    -- Without FINAL: earlier rows of a run that has ended are few, and merging all runs each time would be dear.
    FROM run_rows
    WHERE status IN ('ok', 'error') AND used > 0 AND at > {since:DateTime64(3, 'UTC')} AND at <= {until:DateTime64(3, 'UTC')}
)
SELECT
    toString(ended.agent) AS agent,
    argMax(run_id, (is_new, used)) AS run_id,
    argMax(first_step, (is_new, used)) AS step_id,
    any(judged.runs) AS made,
    any(judged.typical) AS value,
    any(judged.earlier) AS usual,
    format('a run of {} takes {} {}, where it used to take {}', agent, toString(round(value, 4)), {unit:String},
        toString(round(usual, 4))) AS summary
FROM ended
INNER JOIN
(
    SELECT
        agent,
        -- A run must take so much more; that it is no chance may show by the run or by the step.
        max(new_is_sure) AND anyIf(new_more, by = 'run') >= log({times:Float64}) AS at_once,
        max(now_is_sure) AND anyIf(now_more, by = 'run') >= log({times:Float64})
            AND anyIf(new_more, by = 'run') >= log({times:Float64}) / 2 AS by_and_by,
        if(at_once, any(new_runs), any(now_runs)) AS runs,
        anyIf(past_level, by = 'run') AS past,
        exp(past) AS earlier,
        exp(past + if(at_once, anyIf(new_more, by = 'run'), anyIf(now_more, by = 'run'))) AS typical
    FROM
    (
        SELECT
            agent, by,
            quantileExactWeightedIf(0.5)(level, n, part > 0) AS week_level,
            sumIf(n, is_last_day) >= {fewest:UInt32} AS had_a_day,
            if(had_a_day, quantileExactWeightedIf(0.5)(level, n, is_last_day), week_level) AS day_level,
            sumIf(n, part IN (1, 2, 3)) >= {fewest:UInt32} AS had_hours,
            -- A dear day that is over since some hours does not hide the next.
            if(had_hours, least(day_level, quantileExactWeightedIf(0.5)(level, n, part IN (1, 2, 3))), day_level) AS last_level,
            greatest(week_level, last_level) AS past_level,
            {sigmas:Float64} * greatest(sqrt(quantileExactWeightedIf(0.5)(spread, n, part > 0)), 0.05) AS far,
            sumIf(n, is_new) AS new_runs, sumIf(n * level, is_new) / new_runs - past_level AS new_more,
            sumIf(n, part = 0) AS now_runs, sumIf(n * level, part = 0) / now_runs - past_level AS now_more,
            new_runs >= {fewest:UInt32} AND new_more >= greatest(log({times:Float64}), far / sqrt(new_runs)) AS new_is_sure,
            -- Only what is going on: a last part that is nearer to the past than to that is the end of it.
            now_runs >= {fewest:UInt32} AND now_more >= greatest(log({times:Float64}), far / sqrt(now_runs))
                AND new_more >= log({times:Float64}) / 2 AS now_is_sure
        FROM
        (
            -- By figures alone: ids of all the runs of a past would be most of what is read.
            SELECT agent, is_new, part, part > 0 AND part * 3 * {window:UInt32} <= 86400 AS is_last_day, count() AS n,
                [('run', avg(log(used)), varPop(log(used))), ('step', avg(log(used / steps)), varPop(log(used / steps)))] AS measured
            FROM ended
            GROUP BY agent, is_new, part
        )
        ARRAY JOIN
            measured.1 AS by, measured.2 AS level, arrayMap(one -> one * n / greatest(n - 1, 1), measured.3) AS spread
        GROUP BY agent, by
        HAVING sumIf(n, part > 0) >= 5 * {fewest:UInt32}
    )
    GROUP BY agent
    HAVING at_once OR by_and_by
) AS judged ON ended.agent = judged.agent
WHERE part = 0
GROUP BY agent
