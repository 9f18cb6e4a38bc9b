SELECT DISTINCT run_id
FROM calls
WHERE (provider, model, toDate(start_time)) IN {models:Array(Tuple(String, String, Date))}
