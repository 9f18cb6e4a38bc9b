CREATE VIEW IF NOT EXISTS runs{{on_cluster}} AS
SELECT
    * EXCEPT (computed_at),
    if(status = 'open', NULL, (toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time)) / 1e9) AS seconds
FROM run_rows FINAL
