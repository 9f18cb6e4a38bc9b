SELECT step_id
FROM steps
WHERE run_id = {run:String} AND startsWith(step_id, {prefix:String}) AND NOT (operation = 'feedback' AND kind = 'score')
ORDER BY step_id
LIMIT 5
