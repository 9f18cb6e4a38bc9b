-- title: A tool that is slower than it used to be
-- why: A slow tool fails nothing and is felt by everybody. Each is held against its own past by its middle call, as a factor, so
--   that a few calls that took an hour do not decide.
-- severity: warning
-- owner: platform
-- every: 1m
-- for: 1m
-- group_by: tool
-- lookback: 7d
-- parameter: window UInt32 = 3600; seconds that are now
-- parameter: calls UInt32 = 10; fewer calls say nothing
-- parameter: times Float64 = 1.5; how many times slower a typical call must be
-- parameter: sigmas Float64 = 6; how far from what chance makes of so many calls
WITH ended AS
(
    SELECT tool, run_id, step_id, greatest(toUnixTimestamp64Micro(end_time) - toUnixTimestamp64Micro(start_time), 1000) / 1e6 AS seconds,
        {at:Identifier} > {until:DateTime64(3, 'UTC')} - toIntervalSecond({window:UInt32}) AS is_now
    FROM step_rows
    WHERE kind = 'tool' AND status = 'ok'
        AND start_time > {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
        AND {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
)
SELECT
    toString(ended.tool) AS tool,
    argMax(run_id, seconds) AS run_id,
    argMax(ended.step_id, seconds) AS step_id,
    any(judged.times_called) AS made,
    any(judged.typical) AS value,
    any(judged.earlier) AS usual,
    format('{} takes {} s, where it used to take {}', tool, toString(round(value, 2)), toString(round(usual, 2))) AS summary
FROM ended
INNER JOIN
(
    -- By figures alone: ids of all the calls of a past would be most of what is read.
    SELECT tool, countIf(is_now) AS times_called, quantileIf(0.5)(seconds, is_now) AS typical, quantileIf(0.5)(seconds, NOT is_now) AS earlier
    FROM ended
    GROUP BY tool
    HAVING times_called >= {calls:UInt32} AND countIf(NOT is_now) >= 5 * {calls:UInt32} AND typical >= {times:Float64} * earlier
        AND log(typical / earlier) >= {sigmas:Float64} * greatest(stddevPopIf(log(seconds), NOT is_now), 0.05) / sqrt(times_called)
) AS judged ON ended.tool = judged.tool
WHERE is_now
GROUP BY tool
