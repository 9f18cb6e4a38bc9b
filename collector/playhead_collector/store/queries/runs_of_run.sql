SELECT DISTINCT run_id
FROM step_rows
WHERE run_id = {value:String}
UNION DISTINCT
SELECT DISTINCT run_id
FROM log_rows
WHERE run_id = {value:String}
