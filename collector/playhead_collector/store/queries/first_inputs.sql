-- Enough of the first input of a step to show its beginning: its pieces in order, cut.
SELECT step.1 AS run_id, substring(arrayStringConcat(arrayMap(h -> texts[indexOf(hashes, h)], input)), 1, 20000) AS text
FROM
(
    SELECT (run_id, step_id) AS step, arraySlice(arrayFilter((h, f) -> f IN ('input', 'input_any', 'system') AND f != 'system',
        piece_hashes, piece_fields), 1, 12) AS input
    FROM steps
    WHERE run_id IN {runs:Array(String)} AND (run_id, step_id) IN {steps:Array(Tuple(String, String))}
) AS first
INNER JOIN
(
    SELECT run_id, groupArray(hash) AS hashes, groupArray(substring(text, 1, 4000)) AS texts
    FROM messages
    WHERE run_id IN {runs:Array(String)}
    GROUP BY run_id
) AS told ON told.run_id = step.1
