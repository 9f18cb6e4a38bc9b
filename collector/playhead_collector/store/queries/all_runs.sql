SELECT run_id
FROM runs
ORDER BY start_time, run_id
