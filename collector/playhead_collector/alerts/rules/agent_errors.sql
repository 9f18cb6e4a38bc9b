-- title: An agent whose runs fail more often than they used to
-- why: A rate of errors that is right for one agent is an outage of another, so each is held against its own past. Failures
--   come in clusters (one user who tries again, one page that is down), so how far they are scattered is taken from the past, too.
--   What fails a little more often shows in twice the window; what fails no more is not told, however bad the hours before were.
-- severity: critical
-- owner: agents
-- every: 1m
-- for: 1m
-- group_by: agent
-- lookback: 7d
-- parameter: window UInt32 = 7200; seconds that are now
-- parameter: failures UInt32 = 5; fewer failed runs are none
-- parameter: more Float64 = 0.1; by how much the rate must be higher
-- parameter: surprise Float64 = 12; how improbable at the old rate and its scatter, as a power of e
WITH ended AS
(
    SELECT agent, version, {at:Identifier} AS at, run_id, first_step, start_time, status = 'error' AS failed,
        intDiv(toUnixTimestamp({until:DateTime64(3, 'UTC')}) - toUnixTimestamp({at:Identifier}), {window:UInt32}) AS ago
    -- Without FINAL: earlier rows of a run that has ended are few, and merging all runs each time would be dear.
    FROM run_rows
    WHERE status IN ('ok', 'error') AND {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
),
-- An earlier version was in use again for an hour and more, and fewer runs fail without it: two days of a bad release are no part
-- of what is usual. What was taken back for another reason is.
taken_back AS
(
    SELECT agent, version
    FROM
    (
        SELECT agent, version, max(at) AS to, max(to) OVER (PARTITION BY agent ORDER BY min(at)) AS last_of_earlier,
            avg(failed) AS rate, sum(countIf(failed)) OVER (PARTITION BY agent) / sum(count()) OVER (PARTITION BY agent) AS rate_of_all
        FROM ended
        GROUP BY agent, version
    )
    WHERE last_of_earlier > to + toIntervalHour(1) AND rate > rate_of_all
)
SELECT
    toString(ended.agent) AS agent,
    argMax(run_id, start_time) AS run_id,
    argMax(first_step, start_time) AS step_id,
    any(judged.made) AS runs,
    any(judged.failures) AS bad,
    any(judged.rate) AS value,
    any(judged.usual_rate) AS usual,
    format('{} of {} runs of {} failed, where it used to be {}%', toString(bad), toString(runs), agent, toString(round(100 * usual, 1))) AS summary
FROM ended
INNER JOIN
(
    -- By figures alone: ids of all the runs of a past would be most of what is read.
    WITH
        groupArrayIf((k, n), ago > 0) AS earlier,
        -- What stands out of the earlier windows is no part of what is usual: by the rate of all, then by that of the rest.
        arrayFold((p, turn) -> (arraySum(w -> if(w.1 - w.2 * p < 1 + sqrt({surprise:Float64} * w.2 * p * (1 - p)), w.1, 0), earlier) + 1)
            / (arraySum(w -> if(w.1 - w.2 * p < 1 + sqrt({surprise:Float64} * w.2 * p * (1 - p)), w.2, 0), earlier) + 3),
            range(3), (arraySum(w -> w.1, earlier) + 1) / (arraySum(w -> w.2, earlier) + 3)) AS usual_rate,
        arrayFilter(w -> w.1 - w.2 * usual_rate < 1 + sqrt({surprise:Float64} * w.2 * usual_rate * (1 - usual_rate)), earlier) AS quiet,
        -- By how much these vary more than if each run failed by itself, and more than so few windows do by chance.
        greatest(1, arraySum(w -> pow(w.1 - w.2 * usual_rate, 2), quiet) / (1 + usual_rate * (1 - usual_rate) * arraySum(w -> w.2, quiet))
            / (1 + sqrt(2 / greatest(1, length(quiet))))) AS scatter
    SELECT agent, sumIf(n, ago = 0) AS made, sumIf(k, ago = 0) AS failures, failures / made AS rate, usual_rate,
        arrayMax((f, m) -> if(f > m * usual_rate, f * log(f / m / usual_rate) + (m - f) * log(greatest(1 - f / m, 1e-9) / (1 - usual_rate)), 0),
            [failures, sumIf(k, ago <= 1)], [made, sumIf(n, ago <= 1)]) AS improbable
    FROM
    (
        SELECT agent, ago, toFloat64(count()) AS n, toFloat64(countIf(failed)) AS k
        FROM ended
        WHERE ago = 0 OR (agent, version) NOT IN (SELECT agent, version FROM taken_back)
        GROUP BY agent, ago
    )
    GROUP BY agent
    HAVING failures >= {failures:UInt32} AND rate >= usual_rate + {more:Float64} AND improbable >= {surprise:Float64} * scatter
) AS judged ON ended.agent = judged.agent
WHERE failed AND ago = 0
GROUP BY agent
