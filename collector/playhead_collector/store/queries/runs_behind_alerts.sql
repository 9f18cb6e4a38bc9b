SELECT run_id, toString(agent), toString(service), toString(version), session
FROM run_rows FINAL
WHERE run_id IN {runs:Array(String)}
