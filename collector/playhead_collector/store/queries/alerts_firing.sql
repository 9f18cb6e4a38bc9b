-- What fires now, whenever it began, with whom somebody told of it since it began to fire.
SELECT changed_at AS at, alert_id, toString(rule) AS rule, toString(severity) AS severity, grouped AS `group`, toString(state) AS state,
    fired_at, value, summary, labels, run_ids, step_ids,
    -- An event is named by its microsecond, and `fired_at` has milliseconds.
    arrayStringConcat(arrayMap(one -> one.2, arrayFilter(one -> one.1 + 1000 > toUnixTimestamp64Micro(fired_at), notices)), ', ') AS told,
    if(acked_at >= pending_at, acked, '') AS acked_by
FROM alerts
LEFT ANY JOIN
    (
        SELECT alert_id, arraySort(groupArray((event, if(outcome = 'sent', toString(receiver),
            concat(toString(receiver), ' (', toString(outcome), ')'))))) AS notices
        FROM alert_notices FINAL
        GROUP BY alert_id
    ) AS told_of USING alert_id
LEFT ANY JOIN
    (SELECT alert_id, argMax(by, at) AS acked, max(at) AS acked_at FROM alert_marks FINAL WHERE kind = 'ack' GROUP BY alert_id) AS acks
    USING alert_id
WHERE state = 'firing' AND ({rule:String} = '' OR rule = {rule:String})
ORDER BY at DESC, alert_id
LIMIT {limit:UInt32}
