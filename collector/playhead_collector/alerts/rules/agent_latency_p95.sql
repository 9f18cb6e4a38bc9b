-- title: The slowest runs of an agent are slower than they used to be (p95)
-- why: The mean hides what one user in twenty waits for. Counted is how many runs take longer than all but 5 in a hundred of the
--   agent's past did, and how improbable that many would be by chance. The past is told by its middle day, and without its worst:
--   one bad afternoon of a week is more than 1 run in 100. Nor are releases that were taken back a part of it: two of them make a week. Runs in
--   which a person was asked are left out: their time is the person's.
-- severity: warning
-- owner: agents
-- every: 1m
-- for: 1m
-- group_by: agent
-- lookback: 7d
-- constant: level Float64 = 0.95
-- parameter: window UInt32 = 7200; seconds that are now
-- parameter: fewest UInt32 = 20; fewer runs say nothing
-- parameter: tail UInt32 = 5; earlier runs beyond a percentile of the past, with fewer of which it is not known
-- parameter: times Float64 = 1.5; how many times the past's percentile the window's must be
-- parameter: surprise Float64 = 13; how improbable by chance, as a power of e
WITH
    ended AS
    (
        SELECT agent, version, {at:Identifier} AS at, run_id, first_step,
            (toUnixTimestamp64Micro(end_time) - toUnixTimestamp64Micro(start_time)) / 1e6 AS seconds,
            toDate({at:Identifier}) AS day, {at:Identifier} > {until:DateTime64(3, 'UTC')} - toIntervalSecond({window:UInt32}) AS is_now
        -- Without FINAL: earlier rows of a run that has ended are few, and merging all runs each time would be dear.
        FROM run_rows
        WHERE status IN ('ok', 'error') AND position(shape, 'H') = 0
            AND {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
    ),
    -- An earlier version was in use again for an hour and more. A quick one among them tells as little of what is usual as a slow one.
    taken_back AS
    (
        SELECT agent, version
        FROM
        (
            SELECT agent, version, max(at) AS to, max(to) OVER (PARTITION BY agent ORDER BY min(at)) AS last_of_earlier
            FROM ended
            GROUP BY agent, version
        )
        WHERE last_of_earlier > to + toIntervalHour(1)
    ),
    held AS
    (
        SELECT agent, day, seconds, is_now
        FROM ended
        WHERE is_now OR (agent, version) NOT IN (SELECT agent, version FROM taken_back)
    ),
    past AS
    (
        SELECT agent, quantileExactWeighted(0.5)(of_day, runs_of_day) AS usual
        FROM
        (
            SELECT agent, day, quantile({level:Float64})(seconds) AS of_day, count() AS runs_of_day
            FROM held
            WHERE NOT is_now
            GROUP BY agent, day
        )
        GROUP BY agent
        HAVING sum(runs_of_day) * (1 - {level:Float64}) >= {tail:UInt32}
    ),
    -- By figures alone: ids of all the runs of a past would be most of what is read.
    days AS
    (
        SELECT agent, is_now, if(is_now, toDate(0), day) AS which, any(usual) AS earlier, count() AS runs,
            quantile({level:Float64})(seconds) AS slowest, countIf(seconds > usual) AS slow
        FROM held
        INNER JOIN past ON held.agent = past.agent
        GROUP BY agent, is_now, which
    ),
    judged AS
    (
        WITH arrayPopFront(arraySort(one -> -one.1 / one.2, groupArrayIf((slow, runs), NOT is_now))) AS but_the_worst
        SELECT
            agent,
            sumIf(runs, is_now) AS made,
            any(earlier) AS usual,
            anyIf(slowest, is_now) AS value,
            sumIf(slow, is_now) / made AS share,
            greatest(1 - {level:Float64}, arraySum(one -> one.1, but_the_worst) / greatest(1, arraySum(one -> one.2, but_the_worst))) AS share_before
        FROM days
        GROUP BY agent
        HAVING made >= {fewest:UInt32} AND value >= {times:Float64} * usual AND share > share_before
            AND made * (share * log(share / share_before) + (1 - share) * log(greatest(1 - share, 1e-9) / (1 - share_before))) >= {surprise:Float64}
    )
SELECT
    toString(ended.agent) AS agent,
    argMax(run_id, seconds) AS run_id,
    argMax(first_step, seconds) AS step_id,
    any(judged.made) AS made,
    any(judged.value) AS value,
    any(judged.share) AS share,
    any(judged.share_before) AS share_before,
    format('p{} of {} is {} s, where it used to be {}', toString(round(100 * {level:Float64})), agent, toString(round(value, 1)),
        toString(round(any(judged.usual), 1))) AS summary
FROM ended
INNER JOIN judged ON ended.agent = judged.agent
WHERE is_now
GROUP BY agent
