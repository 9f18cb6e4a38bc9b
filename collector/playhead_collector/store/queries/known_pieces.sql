-- What was stored within the last 22 hours: retention keeps messages a day longer than steps, so such a piece outlives the steps
-- that are about to share it.
INSERT INTO known_pieces
SELECT run_id, hash
FROM message_rows
WHERE run_id IN {runs:Array(String)} AND arrived_at > now('UTC') - INTERVAL 22 HOUR
