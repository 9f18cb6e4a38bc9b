-- Texts that log records outside of any run hold.
SELECT DISTINCT hex(arrayJoin(piece_hashes))
FROM log_rows
WHERE run_id IN ('', '00000000000000000000000000000000')
