-- Any step or record that names the session makes the whole run the session's; recordings of it go with the run.
SELECT DISTINCT run_id
FROM step_rows
WHERE session = {value:String}
UNION DISTINCT
SELECT DISTINCT run_id
FROM log_rows
WHERE session = {value:String}
UNION DISTINCT
SELECT DISTINCT run_id
FROM run_rows
WHERE session = {value:String}
