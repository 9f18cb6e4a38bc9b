-- title: A run that uses more tokens than any run should
-- why: Where no price is known (a model of one's own, a new name) a runaway run shows in its tokens alone. A dear release must
--   not hide what comes after it for the rest of the week: versions that were taken back are no part of the past, and what the middle
--   day's runs and the version's own last runs (the last day's, of a version that has hardly any) stay below counts where it is
--   less. While it lasts its own runs are as dear, and are not told one by one. Of an agent that has run a few times only a run
--   must go beyond what these took as well as beyond the fixed figure, the further the fewer they are, up to as many times that figure.
-- severity: warning
-- owner: agents
-- only_if: run_tokens >= {floor:UInt64}
-- lookback: 7d
-- parameter: tokens UInt64 = 2000000; what no run of an agent without a past may use
-- parameter: times Float64 = 6; how many times the tokens that 19 of 20 earlier runs stay below
-- parameter: floor UInt64 = 50000; what is never too much
-- parameter: past UInt32 = 100; earlier runs that are a past; a fifth of it is one of a day, or of a version
WITH
    large AS
    (
        SELECT run_id, agent, version, calls.step_id AS steps, calls.input_tokens AS inputs,
            ifNull(input_tokens, 0) + ifNull(output_tokens, 0) AS tokens
        FROM runs
        WHERE run_id IN {runs:Array(String)} AND tokens >= {floor:UInt64}
    ),
    earlier AS
    (
        SELECT agent, version, {at:Identifier} AS at, intDiv(dateDiff('second', at, {until:DateTime64(3, 'UTC')}), 86400) AS day,
            ifNull(input_tokens, 0) + ifNull(output_tokens, 0) AS tokens
        FROM run_rows
        WHERE agent IN (SELECT agent FROM large) AND status IN ('ok', 'error')
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
        SELECT agent, sum(n) AS runs, quantileMerge(0.95)(figures) AS week_most, countIf(n * 5 >= {past:UInt32}) >= 3 AS has_days,
            quantileExactIf(0.5)(finalizeAggregation(figures), n * 5 >= {past:UInt32}) AS day_most,
            sumIf(n, day = 0) AS today, anyIf(finalizeAggregation(figures), day = 0) AS today_most,
            groupArrayArray({past:UInt32})(some) AS few
        FROM
        (
            SELECT agent, day, count() AS n, groupArray({past:UInt32})(tokens) AS some, quantileState(0.95)(tokens) AS figures
            FROM earlier
            WHERE (agent, version) NOT IN (SELECT agent, version FROM taken_back)
            GROUP BY agent, day
        )
        GROUP BY agent
    ),
    own AS
    (
        SELECT agent, version, count() AS runs, quantile(0.95)(tokens) AS last_most
        FROM
        (
            SELECT agent, version, tokens
            FROM earlier
            WHERE (agent, version) IN (SELECT agent, version FROM large)
            ORDER BY at DESC
            LIMIT {past:UInt32} BY agent, version
        )
        GROUP BY agent, version
    ),
    held AS
    (
        SELECT
            run_id, toString(large.agent) AS agent, steps[indexOf(inputs, arrayMax(inputs))] AS step_id, tokens,
            usual.runs >= {past:UInt32} AS has_past, own.runs * 5 >= {past:UInt32} AS has_own,
            if(has_days AND (has_own OR today * 5 >= {past:UInt32}), least(week_most, greatest(day_most, if(has_own, last_most, today_most))),
                week_most) AS most,
            arrayFilter((one, place) -> place != indexOf(few, tokens), few, arrayEnumerate(few)) AS others,
            if(empty(others), 0, (1 + {past:UInt32} / 5 / length(others)) * arrayReduce('quantile(0.95)', others)) AS most_of_few
        FROM large
        LEFT JOIN usual ON large.agent = usual.agent
        LEFT JOIN own ON large.agent = own.agent AND large.version = own.version
    )
SELECT
    run_id,
    agent,
    step_id,
    tokens AS value,
    format('{} has used {} tokens so far{}', if(agent = '', 'a run', agent), toString(value),
        if(has_past, format('; 19 of 20 of its runs stay below {}', toString(round(most))), '')) AS summary
FROM held
WHERE value >= {times:Float64} * if(has_past, most, least(greatest({tokens:UInt64} / {times:Float64}, most_of_few), toFloat64({tokens:UInt64})))
