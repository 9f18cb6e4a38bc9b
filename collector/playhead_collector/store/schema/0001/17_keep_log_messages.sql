CREATE MATERIALIZED VIEW IF NOT EXISTS keep_log_messages{{on_cluster}} TO message_rows AS
SELECT
    run_id,
    hash,
    any(text) AS text,
    min(first_seen) AS first_seen
FROM
(
    SELECT run_id, hash, text, toDateTime(intDiv(known_ns, 1000000000), 'UTC') AS first_seen
    FROM logs
    ARRAY JOIN piece_hashes AS hash, pieces AS text
)
GROUP BY run_id, hash
