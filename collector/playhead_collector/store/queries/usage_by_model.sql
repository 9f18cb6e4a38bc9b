-- Tokens and cost by model and day, the latest day first. Null where no call said anything: unknown is not zero.
SELECT
    day,
    toString(u.provider) AS provider,
    toString(u.model) AS model,
    sum(calls) AS calls,
    sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens,
    sum(cost_usd) AS cost_usd
FROM usage AS u
WHERE day BETWEEN {first:Date} AND {last:Date}
GROUP BY day, provider, model
ORDER BY day DESC, cost_usd DESC, model, provider
