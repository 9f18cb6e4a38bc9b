-- Tokens and cost by model and day, the latest day first. Null where no call said anything: unknown is not zero.
SELECT
    toDate(start_time) AS day,
    toString(provider) AS provider,
    toString(model) AS model,
    countIf(is_sum = 0) AS calls,
    sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens,
    sum(cost_usd) AS cost_usd
FROM calls
WHERE start_time >= {since:DateTime64(9, 'UTC')}
    AND start_time < {until:DateTime64(9, 'UTC')}
GROUP BY day, provider, model
ORDER BY day DESC, cost_usd DESC, model
