-- title: A run that costs more than any run should
-- why: A loop, a context that only grows, or a model that was mistaken for a cheaper one shows in the bill first.
-- severity: critical
-- owner: agents
-- parameter: usd Float64 = 5; what no run may cost, in USD
SELECT
    run_id,
    argMax(call_step, call_cost) AS step_id,
    any(cost_usd) AS value,
    format('{} has spent ${} so far', if(any(agent) = '', 'a run', any(agent)), toString(round(value, 2))) AS summary
FROM runs
ARRAY JOIN calls.step_id AS call_step, calls.cost_usd AS call_cost
WHERE run_id IN {runs:Array(String)} AND cost_usd >= {usd:Float64}
GROUP BY run_id
