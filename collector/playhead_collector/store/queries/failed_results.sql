-- Tools whose step says ok and whose result says otherwise: where a run fails silently, it mostly begins so.
SELECT DISTINCT run_id, tool
FROM
(
    SELECT run_id, toString(tool) AS tool, arrayJoin(arrayFilter((h, f) -> f IN ('result', 'output', 'output_any'), piece_hashes, piece_fields)) AS hash
    FROM steps
    WHERE run_id IN {runs:Array(String)} AND kind = 'tool' AND status = 'ok'
) AS told
INNER JOIN
(
    SELECT run_id, hash
    FROM messages
    WHERE run_id IN {runs:Array(String)} AND match(text, {pattern:String})
) AS results USING (run_id, hash)
ORDER BY run_id, tool
