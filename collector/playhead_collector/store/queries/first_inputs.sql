-- Enough of the first input of a step to show its beginning: its pieces in order, each cut, with the attribute that each is of.
SELECT
    step.1 AS run_id,
    arrayMap(i -> toString(keys[i]), owners) AS names,
    arrayMap(h -> texts[indexOf(hashes, h)], input) AS pieces
FROM
(
    SELECT
        (run_id, step_id) AS step,
        attribute_keys AS keys,
        arraySlice(arrayFilter((h, f) -> f IN ('input', 'input_any'), piece_hashes, piece_fields), 1, 12) AS input,
        arraySlice(arrayFilter((o, f) -> f IN ('input', 'input_any'), piece_owners, piece_fields), 1, 12) AS owners
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
