-- When runs began, to tell which of a process's runs began after another had ended.
SELECT run_id, toUnixTimestamp64Nano(start_time) AS start_ns
FROM runs
WHERE run_id IN {runs:Array(String)}
