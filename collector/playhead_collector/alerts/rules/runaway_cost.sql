-- title: A run that costs more than any run should
-- why: A loop, a context that only grows, or a model that was mistaken for a cheaper one shows in the bill first. What is much
--   depends on the agent: a run is held against the dearest of its agent's past, and against a fixed sum where it has none.
-- severity: critical
-- owner: agents
-- only_if: run_cost >= {floor:Float64}
-- lookback: 7d
-- parameter: usd Float64 = 5; what no run of an agent without a past may cost, in USD
-- parameter: times Float64 = 6; how many times the cost that 19 of 20 earlier runs stay below
-- parameter: floor Float64 = 0.02; what is never too much, in USD
-- parameter: past UInt32 = 100; earlier runs that are a past
WITH
    dear AS
    (
        SELECT run_id, agent, cost_usd, calls.step_id AS steps, calls.cost_usd AS costs
        FROM runs
        WHERE run_id IN {runs:Array(String)} AND cost_usd >= {floor:Float64}
    ),
    usual AS
    (
        SELECT agent, count() AS runs, quantile(0.95)(cost_usd) AS most
        FROM run_rows
        WHERE agent IN (SELECT agent FROM dear) AND status IN ('ok', 'error')
            AND {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
        GROUP BY agent
    )
SELECT
    run_id,
    toString(dear.agent) AS agent,
    steps[indexOf(costs, arrayMax(costs))] AS step_id,
    assumeNotNull(cost_usd) AS value,
    format('{} has spent ${} so far{}', if(agent = '', 'a run', agent), toString(round(value, 2)),
        if(usual.runs >= {past:UInt32}, format('; 19 of 20 of its runs stay below ${}', toString(round(most, 2))), '')) AS summary
FROM dear
LEFT JOIN usual ON dear.agent = usual.agent
WHERE value >= if(usual.runs >= {past:UInt32}, {times:Float64} * most, {usd:Float64})
