-- Service levels by group. A cost that nobody knows is left out of both sides of the cost of a success.
SELECT
    name,
    count() AS runs,
    countIf(success) AS successes,
    countIf(has_score) AS scored,
    countIf(aided) AS aided_runs,
    sum(cost_usd) AS spent,
    countIf(cost_usd IS NULL OR cost_more) AS unpriced,
    if(countIf(success AND cost_usd IS NOT NULL) > 0, spent / countIf(success AND cost_usd IS NOT NULL), NULL) AS cost_of_success,
    quantile(0.5)(seconds) AS p50,
    quantile(0.95)(seconds) AS p95,
    quantile(0.99)(seconds) AS p99
FROM judged
GROUP BY name
ORDER BY runs DESC, name
LIMIT 200
