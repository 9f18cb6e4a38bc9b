-- How soon each rule said so: from the arrival of the first run that an alert was linked to when it fired. By arrivals, so no clock of
-- an agent's has a part in it; a run of which something came after the alarm counts as noticed at once.
WITH fired AS
(
    SELECT alert_id, fired_at, toString(any(rule)) AS rule, argMin(run_ids, version) AS runs
    FROM alert_events
    WHERE state = 'firing' AND fired_at > {since:DateTime64(3, 'UTC')} AND fired_at <= {until:DateTime64(3, 'UTC')}
        AND ({agent:String} = '' OR labels['agent'] = {agent:String})
    GROUP BY alert_id, fired_at
)
SELECT rule, count() AS alarms, quantileExact(0.5)(lag_s) AS p50, quantileExact(0.95)(lag_s) AS p95, max(lag_s) AS slowest
FROM
(
    SELECT rule, alert_id, fired_at, greatest(0, toUnixTimestamp64Milli(fired_at) / 1e3 - toUnixTimestamp(min(arrived_at))) AS lag_s
    FROM (SELECT rule, alert_id, fired_at, arrayJoin(runs) AS run_id FROM fired) AS linked
    INNER JOIN (SELECT run_id, arrived_at FROM runs WHERE run_id IN (SELECT arrayJoin(runs) FROM fired)) AS there USING (run_id)
    GROUP BY rule, alert_id, fired_at
)
GROUP BY rule
ORDER BY alarms DESC, rule
LIMIT 200
