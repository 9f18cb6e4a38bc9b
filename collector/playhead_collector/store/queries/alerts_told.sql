-- Whom it was said to that alerts fire: of each, the last time that it did.
SELECT alert_id, groupUniqArrayArray(notify) AS told
FROM alert_events
WHERE alert_id IN {alerts:Array(String)} AND state = 'firing'
GROUP BY alert_id, fired_at
ORDER BY alert_id, fired_at DESC
LIMIT 1 BY alert_id
