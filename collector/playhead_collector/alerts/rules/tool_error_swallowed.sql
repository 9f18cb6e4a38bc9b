-- title: The last thing a tool said was an error, and the run says ok
-- why: A model that is handed an error often answers all the same. Where a later call went well, or the agent decided or asked what
--   to do about it, somebody saw it.
-- severity: warning
-- owner: agents
-- only_if: run_status = 'ok' AND countIf(kind = 'tool') > 0
WITH last AS
(
    -- Only the last word counts, so no other answer is read; of several at one moment each is one.
    SELECT run_id, agent, step_id, kind, tool, status, answer
    FROM
    (
        SELECT run_id, agent, step_id, start_time, kind, tool, status, max(start_time) OVER (PARTITION BY run_id) AS last_time,
            arrayFirst((h, f) -> f IN ('result', 'output', 'output_any'), piece_hashes, piece_fields) AS answer
        FROM steps
        WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')} AND kind IN ('tool', 'decision', 'approval')
            AND run_id IN (SELECT run_id FROM runs WHERE run_id IN {runs:Array(String)} AND status = 'ok')
    )
    WHERE start_time = last_time
)
SELECT
    run_id,
    toString(any(agent)) AS agent,
    any(last.step_id) AS step_id,
    count() AS value,
    format('{} answered with an error, and the run went on to say ok', toString(any(tool))) AS summary
FROM last
WHERE kind = 'tool' AND (status = 'error' OR (run_id, answer) IN
(
    -- A result that says it is a failure, in the forms that tools have for it; a quote may be escaped (JSON within JSON).
    SELECT run_id, hash
    FROM messages
    WHERE run_id IN {runs:Array(String)}
        -- A filter's conditions all see what is read, and with a run's texts come those of its neighbours on disk: for 200 runs of
        -- 15,000, 188 ms of CPU, and 25 where the pattern is given these runs' alone.
        AND match(if(run_id IN {runs:Array(String)}, text, ''), concat(
        '(?i)^[\\s"\\\\]*(?:error|exception|traceback)\\b',
        '|\\\\*"(?:content|output|response|result|text)\\\\*"\\s*:\\s*\\\\*"(?:error|exception|traceback)\\b',
        '|\\\\*"(?:ok|success|succeeded)\\\\*"\\s*:\\s*false|\\\\*"is_?error\\\\*"\\s*:\\s*true',
        '|\\\\*"error\\\\*"\\s*:\\s*(?:\\\\*"[^"\\\\]|\\{)|\\\\*"status\\\\*"\\s*:\\s*\\\\*"(?:error|failed|failure)\\\\*"'))
))
GROUP BY run_id
