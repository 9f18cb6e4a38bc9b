-- A piece has the same text in all of its copies.
SELECT run_id, hash, any(text) AS text
FROM message_rows
WHERE run_id IN {runs:Array(String)}
GROUP BY run_id, hash
