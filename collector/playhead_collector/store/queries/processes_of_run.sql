-- The processes that recorded something of a run; a run that started others has several.
SELECT process_id, min(sequence) AS first, count() AS chunks
FROM recordings
WHERE run_id = {run:String}
GROUP BY process_id
ORDER BY min(time)
