-- title: A run that costs more than any run should
-- why: A loop, a context that only grows, or a model that was mistaken for a cheaper one shows in the bill first. What is much
--   depends on the agent: a run is held against the dearest of its agent's past, and against a fixed sum where it has none. As with
--   tokens, versions that were taken back are no part of it, and the middle day and the version's own last runs (the last day's, of
--   a version that has hardly any) count where they stayed below less: a dear release must not hide what comes after it. And the
--   past is told at the run's own price, too: after a change to a cheaper model what was usual in USD would hide ten times the work.
--   Of an agent that has run a few times only, what is usual is hardly known: beside the fixed sum a run must go beyond that, the
--   further the fewer they are, up to as many times the fixed sum.
-- severity: critical
-- owner: agents
-- only_if: run_cost >= {floor:Float64}
-- lookback: 7d
-- parameter: usd Float64 = 5; what no run of an agent without a past may cost, in USD
-- parameter: times Float64 = 6; how many times the cost that 19 of 20 earlier runs stay below
-- parameter: floor Float64 = 0.02; what is never too much, in USD
-- parameter: past UInt32 = 100; earlier runs that are a past; a fifth of it is one of a day, or of a version
WITH
    dear AS
    (
        SELECT run_id, agent, version, cost_usd, ifNull(input_tokens, 0) + ifNull(output_tokens, 0) AS tokens,
            calls.step_id AS steps, calls.cost_usd AS costs
        FROM runs
        WHERE run_id IN {runs:Array(String)} AND cost_usd >= {floor:Float64}
    ),
    earlier AS
    (
        SELECT agent, version, {at:Identifier} AS at, intDiv(dateDiff('second', at, {until:DateTime64(3, 'UTC')}), 86400) AS day,
            cost_usd AS paid, ifNull(input_tokens, 0) + ifNull(output_tokens, 0) AS tokens
        FROM run_rows
        WHERE agent IN (SELECT agent FROM dear) AND status IN ('ok', 'error')
            AND at > {since:DateTime64(3, 'UTC')} AND at <= {until:DateTime64(3, 'UTC')}
    ),
    -- An earlier version was in use again for an hour and more: what a dear release took is no measure for what comes after it.
    taken_back AS
    (
        SELECT agent, version
        FROM
        (
            SELECT agent, version, max(at) AS to, max(to) OVER (PARTITION BY agent ORDER BY min(at)) AS last_of_earlier
            FROM earlier
            GROUP BY agent, version
        )
        WHERE last_of_earlier > to + toIntervalHour(1)
    ),
    usual AS
    (
        SELECT agent, sum(n) AS runs, countIf(n * 5 >= {past:UInt32}) >= 3 AS has_days,
            quantileMerge(0.95)(paid_figures) AS week_paid, quantileMerge(0.95)(token_figures) AS week_tokens,
            quantileExactIf(0.5)(finalizeAggregation(paid_figures), n * 5 >= {past:UInt32}) AS day_paid,
            quantileExactIf(0.5)(finalizeAggregation(token_figures), n * 5 >= {past:UInt32}) AS day_tokens,
            sumIf(n, day = 0) AS today, anyIf(finalizeAggregation(paid_figures), day = 0) AS today_paid,
            anyIf(finalizeAggregation(token_figures), day = 0) AS today_tokens,
            groupArrayArray({past:UInt32})(some) AS few
        FROM
        (
            SELECT agent, day, count() AS n, groupArray({past:UInt32})(paid) AS some,
                quantileState(0.95)(paid) AS paid_figures, quantileState(0.95)(tokens) AS token_figures
            FROM earlier
            WHERE (agent, version) NOT IN (SELECT agent, version FROM taken_back)
            GROUP BY agent, day
        )
        GROUP BY agent
    ),
    own AS
    (
        SELECT agent, version, count() AS runs, quantile(0.95)(paid) AS last_paid, quantile(0.95)(tokens) AS last_tokens
        FROM
        (
            SELECT agent, version, paid, tokens
            FROM earlier
            WHERE (agent, version) IN (SELECT agent, version FROM dear)
            ORDER BY at DESC
            LIMIT {past:UInt32} BY agent, version
        )
        GROUP BY agent, version
    ),
    held AS
    (
        SELECT
            run_id, toString(dear.agent) AS agent, steps[indexOf(costs, arrayMax(costs))] AS step_id, assumeNotNull(cost_usd) AS cost,
            usual.runs >= {past:UInt32} AS has_past, own.runs * 5 >= {past:UInt32} AS has_own,
            has_days AND (has_own OR today * 5 >= {past:UInt32}) AS has_more,
            if(has_more, least(week_paid, greatest(day_paid, if(has_own, last_paid, today_paid))), week_paid) AS most_paid,
            if(has_more, least(week_tokens, greatest(day_tokens, if(has_own, last_tokens, today_tokens))), week_tokens) AS most_tokens,
            if(tokens > 0 AND most_tokens > 0, least(most_paid, most_tokens * cost / tokens), most_paid) AS most,
            arrayFilter((one, place) -> place != indexOf(few, cost), few, arrayEnumerate(few)) AS others,
            if(empty(others), 0, (1 + {past:UInt32} / 5 / length(others)) * arrayReduce('quantile(0.95)', others)) AS most_of_few
        FROM dear
        LEFT JOIN usual ON dear.agent = usual.agent
        LEFT JOIN own ON dear.agent = own.agent AND dear.version = own.version
    )
SELECT
    run_id,
    agent,
    step_id,
    cost AS value,
    format('{} has spent ${} so far{}', if(agent = '', 'a run', agent), toString(round(value, 2)),
        if(has_past, format('; 19 of 20 of its runs stay below ${}', toString(round(most, 2))), '')) AS summary
FROM held
WHERE value >= {times:Float64} * if(has_past, most, least(greatest({usd:Float64} / {times:Float64}, most_of_few), {usd:Float64}))
