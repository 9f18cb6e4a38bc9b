-- As `pieces_of_runs`, of one step and its log records: of a conversation, its latest turn and what that repeats.
SELECT run_id, hash, any(text) AS text
FROM message_rows
WHERE run_id = {run:String} AND hash IN
(
    SELECT arrayJoin(piece_hashes) FROM step_rows WHERE run_id = {run:String} AND step_id = {step:String}
    UNION ALL
    SELECT arrayJoin(piece_hashes) FROM log_rows WHERE run_id = {run:String} AND step_id = {step:String}
)
GROUP BY run_id, hash
