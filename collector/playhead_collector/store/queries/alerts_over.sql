-- Those of these that were resolved.
SELECT alert_id, rule, severity, grouped, toString(state) AS state, changed_at, pending_at, fired_at, value, summary, labels, run_ids,
    step_ids, announced, event
FROM alerts
WHERE alert_id IN {alerts:Array(String)} AND state = 'resolved'
