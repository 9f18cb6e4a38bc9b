-- What each run used of each model on each day: the sums of its calls.
CREATE VIEW IF NOT EXISTS usage{{on_cluster}} AS
SELECT
    run_id,
    agent,
    version,
    service,
    used.day AS day,
    used.provider AS provider,
    used.model AS model,
    used.calls AS calls,
    used.input_tokens AS input_tokens,
    used.output_tokens AS output_tokens,
    used.cost_usd AS cost_usd
FROM run_rows FINAL
ARRAY JOIN usage AS used
