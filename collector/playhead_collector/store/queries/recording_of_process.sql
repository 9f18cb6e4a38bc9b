-- All that a process recorded, as it was sent; whoever reads it merges it by the places that stand in it.
SELECT run_id, sequence, content, toUnixTimestamp64Nano(time) AS time_ns
FROM recordings
WHERE process_id = {process:String}
ORDER BY sequence
