SELECT holder, began_at, alive_at, judged_until
FROM alert_evaluators FINAL
ORDER BY began_at, holder
