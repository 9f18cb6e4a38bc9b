CREATE MATERIALIZED VIEW IF NOT EXISTS keep_responses{{on_cluster}} TO responses AS
SELECT
    parent_id = '' AS lone,
    {{text:response_id}} AS response_id,
    run_id,
    step_id,
    service,
    fromUnixTimestamp64Nano(start_ns::Int64, 'UTC') AS start_time,
    fromUnixTimestamp64Nano(end_ns::Int64, 'UTC') AS end_time,
    places[{{field:input_tokens}}] > 0 AS has_usage,
    notEmpty(piece_owners) AS has_content,
    now('UTC') AS arrived_at
FROM spans
WHERE response_id != ''
