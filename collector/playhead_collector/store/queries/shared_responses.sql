-- Response ids that prompts of several runs carry. Agents and chains repeat the id of a prompt in them, and are no call.
SELECT response_id, run_id, step_id, toUnixTimestamp64Nano(start_time) AS start_ns, toUnixTimestamp64Nano(end_time) AS end_ns,
    has_usage, has_content, service, lone
FROM responses FINAL
WHERE response_id IN
(
    SELECT response_id
    FROM responses
    WHERE response_id IN (SELECT response_id FROM step_rows WHERE run_id IN {runs:Array(String)} AND response_id != '')
    GROUP BY response_id
    HAVING uniqExact(run_id) > 1 AND max(lone) = 1
)
AND (run_id, step_id) IN
(
    SELECT run_id, step_id
    FROM step_rows
    WHERE kind = 'prompt' AND run_id IN
    (
        SELECT run_id
        FROM responses
        WHERE response_id IN (SELECT response_id FROM step_rows WHERE run_id IN {runs:Array(String)} AND response_id != '')
    )
)
