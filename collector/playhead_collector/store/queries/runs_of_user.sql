-- Any step or record that names the user makes the whole run the user's; recordings of it go with the run.
SELECT DISTINCT run_id
FROM step_rows
WHERE user = {value:String}
UNION DISTINCT
SELECT DISTINCT run_id
FROM log_rows
WHERE user = {value:String}
UNION DISTINCT
SELECT DISTINCT run_id
FROM run_rows
WHERE user = {value:String}
