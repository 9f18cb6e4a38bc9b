-- Whether this place takes writes at all, without one.
INSERT INTO known_pieces
SELECT run_id, hash
FROM message_rows
WHERE 0
