-- That there is a recording, and of what size; never a byte of it.
SELECT process_id, run_id, sequence, length(content) AS size, time, arrived_at FROM {{source}}.recording_rows FINAL
