CREATE MATERIALIZED VIEW IF NOT EXISTS keep_log_messages{{on_cluster}} TO message_rows AS
SELECT
    run_id,
    any(text) AS text,
    now('UTC') AS arrived_at
FROM
(
    SELECT run_id, hash, text
    FROM logs
    ARRAY JOIN piece_hashes AS hash, pieces AS text
)
GROUP BY run_id, hash
