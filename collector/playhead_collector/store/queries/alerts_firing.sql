-- What fires now, whenever it began.
SELECT changed_at AS at, alert_id, toString(rule) AS rule, toString(severity) AS severity, grouped AS `group`, toString(state) AS state,
    fired_at, value, summary, labels, run_ids, step_ids, '' AS told, if(acked_at >= pending_at, acked, '') AS acked_by
FROM alerts
LEFT ANY JOIN
    (SELECT alert_id, argMax(by, at) AS acked, max(at) AS acked_at FROM alert_marks FINAL WHERE kind = 'ack' GROUP BY alert_id) AS acks
    USING alert_id
WHERE state = 'firing' AND ({rule:String} = '' OR rule = {rule:String})
ORDER BY at DESC, alert_id
LIMIT {limit:UInt32}
