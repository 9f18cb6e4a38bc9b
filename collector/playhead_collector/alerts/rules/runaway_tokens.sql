-- title: A run that uses more tokens than any run should
-- why: Where no price is known (a model of one's own, a new name) a runaway run shows in its tokens alone.
-- severity: warning
-- owner: agents
-- only_if: run_tokens >= {floor:UInt64}
-- lookback: 7d
-- parameter: tokens UInt64 = 2000000; what no run of an agent without a past may use
-- parameter: times Float64 = 6; how many times the tokens that 19 of 20 earlier runs stay below
-- parameter: floor UInt64 = 50000; what is never too much
-- parameter: past UInt32 = 100; earlier runs that are a past
WITH
    large AS
    (
        SELECT run_id, agent, calls.step_id AS steps, calls.input_tokens AS inputs,
            ifNull(input_tokens, 0) + ifNull(output_tokens, 0) AS tokens
        FROM runs
        WHERE run_id IN {runs:Array(String)} AND tokens >= {floor:UInt64}
    ),
    usual AS
    (
        SELECT agent, count() AS runs, quantile(0.95)(ifNull(input_tokens, 0) + ifNull(output_tokens, 0)) AS most
        FROM run_rows
        WHERE agent IN (SELECT agent FROM large) AND status IN ('ok', 'error')
            AND {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
        GROUP BY agent
    )
SELECT
    run_id,
    toString(large.agent) AS agent,
    steps[indexOf(inputs, arrayMax(inputs))] AS step_id,
    tokens AS value,
    format('{} has used {} tokens so far{}', if(agent = '', 'a run', agent), toString(value),
        if(usual.runs >= {past:UInt32}, format('; 19 of 20 of its runs stay below {}', toString(round(most))), '')) AS summary
FROM large
LEFT JOIN usual ON large.agent = usual.agent
WHERE value >= if(usual.runs >= {past:UInt32}, {times:Float64} * most, toFloat64({tokens:UInt64}))
