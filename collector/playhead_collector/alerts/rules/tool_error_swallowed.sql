-- title: The last thing a tool said was an error, and the run says ok
-- why: A model that is handed an error often answers all the same. Where a later call went well, or the agent decided or asked what
--   to do about it, somebody saw it.
-- severity: warning
-- owner: agents
WITH
    told AS
    (
        SELECT run_id, agent, step_id, start_time, kind, tool, status,
            arrayFilter((h, f) -> f IN ('result', 'output', 'output_any'), piece_hashes, piece_fields) AS answer
        FROM steps
        WHERE run_id IN {runs:Array(String)} AND kind IN ('tool', 'decision', 'approval')
            AND run_id IN (SELECT run_id FROM runs WHERE run_id IN {runs:Array(String)} AND status = 'ok')
    ),
    bad AS
    (
        -- A result that says it is a failure, in the forms that tools have for it; a quote may be escaped (JSON within JSON).
        SELECT run_id, hash
        FROM messages
        WHERE run_id IN (SELECT run_id FROM told WHERE kind = 'tool') AND match(text, concat(
            '(?i)^[\\s"\\\\]*(?:error|exception|traceback)\\b',
            '|\\\\*"(?:content|output|response|result|text)\\\\*"\\s*:\\s*\\\\*"(?:error|exception|traceback)\\b',
            '|\\\\*"(?:ok|success|succeeded)\\\\*"\\s*:\\s*false|\\\\*"is_?error\\\\*"\\s*:\\s*true',
            '|\\\\*"error\\\\*"\\s*:\\s*(?:\\\\*"[^"\\\\]|\\{)|\\\\*"status\\\\*"\\s*:\\s*\\\\*"(?:error|failed|failure)\\\\*"'))
    ),
    judged AS
    (
        SELECT *, kind = 'tool' AND (status = 'error' OR (run_id, answer[1]) IN (SELECT run_id, hash FROM bad)) AS failed
        FROM told
    )
SELECT
    run_id,
    toString(argMax(agent, start_time)) AS agent,
    argMaxIf(step_id, start_time, failed) AS step_id,
    countIf(failed) AS value,
    format('{} answered with an error, and the run went on to say ok', toString(argMaxIf(tool, start_time, failed))) AS summary
FROM judged
GROUP BY run_id
HAVING value > 0 AND maxIf(start_time, failed) >= maxIf(start_time, NOT failed)
