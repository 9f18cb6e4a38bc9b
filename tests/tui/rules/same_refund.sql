-- title: The same refund, asked for again and again
-- why: An agent that does not get on asks for the same thing again. Each call looks fine by itself; together they are a loop
--   that ends at a limit, or with the budget.
-- severity: critical
-- owner: agents
-- runbook: https://runbooks.example.com/same-refund
-- group_by: run_id, tool
-- parameter: repeats UInt32 = 5; equal calls of one tool in a run that are too many
SELECT
    run_id,
    toString(tool) AS tool,
    argMax(step_id, start_time) AS step_id,
    count() AS value,
    format('{} was called {} times with the same arguments', tool, toString(value)) AS summary
FROM steps
WHERE run_id IN {runs:Array(String)} AND kind = 'tool' AND arguments_hash != 0
GROUP BY run_id, tool, arguments_hash
HAVING value >= {repeats:UInt32}
