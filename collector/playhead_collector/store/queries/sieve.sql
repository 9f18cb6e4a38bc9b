-- Of runs that changed: which of some conditions hold. One scan of their steps, instead of one for each rule.
SELECT run_id, {{conditions}}
FROM steps
INNER JOIN
(
    SELECT run_id, status AS run_status, cost_usd AS run_cost, ifNull(input_tokens, 0) + ifNull(output_tokens, 0) AS run_tokens,
        missing_parents AS run_gaps
    FROM runs
    WHERE run_id IN {runs:Array(String)}
) AS run USING (run_id)
-- The start says in which days to look: the runs' ids alone would be looked for in each day that is stored.
WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')}
GROUP BY run_id, run_status, run_cost, run_tokens, run_gaps
