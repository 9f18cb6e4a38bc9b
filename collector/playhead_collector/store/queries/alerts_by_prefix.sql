SELECT alert_id, toString(rule), toString(state)
FROM alerts
WHERE startsWith(alert_id, {prefix:String}) AND {prefix:String} != ''
LIMIT 100
