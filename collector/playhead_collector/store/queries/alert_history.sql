-- Events, each with whom it was told to, and who has seen the alert since it began.
SELECT at, alert_id, toString(rule) AS rule, toString(severity) AS severity, grouped AS `group`, toString(state) AS state,
    fired_at, value, summary, labels, run_ids, step_ids, told, if(acked_at >= pending_at, acked, '') AS acked_by
FROM alert_events
LEFT ANY JOIN
    (
        SELECT alert_id, event AS version, arrayStringConcat(groupArray(if(outcome = 'sent', toString(receiver),
            concat(toString(receiver), ' (', toString(outcome), ')'))), ', ') AS told
        FROM alert_notices FINAL
        GROUP BY alert_id, version
    ) AS notices USING (alert_id, version)
LEFT ANY JOIN
    (SELECT alert_id, argMax(by, at) AS acked, max(at) AS acked_at FROM alert_marks FINAL WHERE kind = 'ack' GROUP BY alert_id) AS acks
    USING alert_id
WHERE alert_events.at > {since:DateTime64(3, 'UTC')} AND ({rule:String} = '' OR rule = {rule:String})
    AND ({alert:String} = '' OR alert_id = {alert:String})
ORDER BY version DESC, alert_id
LIMIT {limit:UInt32}
