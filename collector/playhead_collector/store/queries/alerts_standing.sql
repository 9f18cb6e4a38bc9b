-- Those that are not over, and those that were over only lately: what was judged before a restart may be judged again after it.
SELECT alert_id, rule, severity, grouped, toString(state) AS state, changed_at, pending_at, fired_at, value, summary, labels, run_ids,
    step_ids, announced, event
FROM alerts
WHERE state IN ('pending', 'firing') OR changed_at > {since:DateTime64(3, 'UTC')}
