SELECT mark_id, toString(kind) AS kind, alert_id, rule, matching, at, until, by, note
FROM alert_marks FINAL
WHERE until > {now:DateTime64(3, 'UTC')}
ORDER BY at
