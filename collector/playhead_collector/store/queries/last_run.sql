SELECT run_id
FROM runs
ORDER BY start_time DESC
LIMIT 1
