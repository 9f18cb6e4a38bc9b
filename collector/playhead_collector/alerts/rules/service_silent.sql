-- title: Nothing arrives from a service that used to send
-- why: A deployment without its exporter, a network rule, a service that died: nothing is recorded, so nothing can fail. What was to
--   be expected is what came at the same time a week ago, so nights and weekends are no alarm.
-- severity: critical
-- owner: platform
-- every: 5m
-- group_by: service
-- lookback: 15d
-- parameter: expected UInt32 = 12; runs that would have come by now
WITH seen AS
(
    SELECT service, run_id, first_step, {at:Identifier} AS time
    FROM run_rows
    WHERE service != '' AND {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
),
last AS
(
    SELECT service, max(time) AS last_time, argMax(run_id, time) AS last_run, argMax(first_step, time) AS last_step,
        dateDiff('second', last_time, {until:DateTime64(3, 'UTC')}) AS seconds,
        -- A job that begins and ends a little earlier or later than a week ago is no silence.
        toIntervalSecond(least(1800, intDiv(seconds, 4))) AS margin
    FROM seen
    GROUP BY service
)
SELECT
    toString(seen.service) AS service,
    any(last_run) AS run_id,
    any(last_step) AS step_id,
    -- By the length of the silence: what came in a few minutes of a week ago is chance.
    any(seconds / (seconds + 3600)) AS weight,
    weight * uniqExactIf(seen.run_id, time > last_time - toIntervalDay(7) + margin
        AND time <= {until:DateTime64(3, 'UTC')} - toIntervalDay(7) - margin) AS week_ago,
    weight * uniqExactIf(seen.run_id, time > last_time - toIntervalDay(14) + margin
        AND time <= {until:DateTime64(3, 'UTC')} - toIntervalDay(14) - margin) AS two_weeks_ago,
    -- Of the two weeks before the one in which less came, where both are known.
    if(min(time) < any(last_time) - toIntervalDay(14), least(week_ago, two_weeks_ago), week_ago) AS value,
    format('nothing from {} since {}; a week ago {} runs came in that time', service, toString(toDateTime(any(last_time), 'UTC')),
        toString(round(week_ago))) AS summary
FROM seen
INNER JOIN last ON seen.service = last.service
GROUP BY service
HAVING value >= {expected:UInt32}
