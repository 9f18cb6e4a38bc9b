-- The step that a run most likely begins with: what it said can be asked for before its tree is known.
SELECT step_id
FROM step_rows
PREWHERE run_id = {run:String}
ORDER BY start_time, step_id
LIMIT 1
