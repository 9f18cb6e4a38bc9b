SELECT run_id
FROM runs
WHERE startsWith(run_id, {prefix:String})
ORDER BY run_id
LIMIT 5
