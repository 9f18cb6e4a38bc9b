-- Without FINAL: which copy of a row is the last does not matter for whether there is a new one.
SELECT run_id, max(computed_at) AS computed, min(start_time) AS began
FROM run_rows
WHERE computed_at > {since:UInt64}
GROUP BY run_id
