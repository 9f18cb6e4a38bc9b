-- Events that somebody is still to be told of, with how often that was tried. What is older than a few days is nobody's news.
SELECT alert_id, rule, severity, grouped, toString(state) AS state, at, pending_at, fired_at, value, summary, labels, run_ids, step_ids,
    announced, event, receiver, attempts
FROM
(
    SELECT * EXCEPT (version, notify), version AS event, toString(arrayJoin(notify)) AS receiver
    FROM alert_events
    WHERE at > {since:DateTime64(3, 'UTC')} AND notEmpty(notify)
) AS told
LEFT ANY JOIN
(
    SELECT alert_id, event, toString(receiver) AS receiver, toString(outcome) AS outcome, attempts
    FROM alert_notices FINAL
    WHERE at > {since:DateTime64(3, 'UTC')}
) AS notices USING (alert_id, event, receiver)
WHERE outcome NOT IN ('sent', 'given up')
ORDER BY event
