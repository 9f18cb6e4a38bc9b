-- title: A run that says ok and answers nothing
-- why: An empty text is the commonest wrong success: nothing failed, and nobody got an answer. Agents that answer nothing by
--   design are told by their past.
-- severity: warning
-- owner: agents
-- only_if: countIf(kind = 'agent' AND parent_id = '' AND status = 'ok' AND (
--   arrayExists((h, f) -> f IN ('output', 'output_any') AND has(arrayMap(text -> sipHash128(text), splitByChar('|', {nothing:String})), h),
--   piece_hashes, piece_fields) OR (has(attribute_keys, 'output.value') AND NOT has(piece_fields, 'output_any')))) > 0
-- lookback: 1d
-- constant: nothing String = ""|''| |" "|"\n"|null|None|[]|{}
-- parameter: usual Float64 = 0.2; the share of an agent's earlier runs from which on an empty answer is its way
-- parameter: past UInt32 = 20; earlier runs that are a past
WITH
    arrayMap(text -> sipHash128(text), splitByChar('|', {nothing:String})) AS nothings,
    empties AS
    (
        SELECT run_id, step_id, agent
        FROM steps
        WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')}
            AND kind = 'agent' AND parent_id = '' AND status = 'ok'
            -- An empty text is no piece at all.
            AND (arrayExists((h, f) -> f IN ('output', 'output_any') AND has(nothings, h), piece_hashes, piece_fields)
            OR (has(attribute_keys, 'output.value') AND NOT has(piece_fields, 'output_any')))
    ),
    habits AS
    (
        SELECT agent, count() AS runs, countIf((arrayExists((h, f) -> f IN ('output', 'output_any') AND has(nothings, h), piece_hashes, piece_fields)
            OR (has(attribute_keys, 'output.value') AND NOT has(piece_fields, 'output_any')))) / count() AS share
        FROM step_rows
        WHERE agent IN (SELECT agent FROM empties) AND kind = 'agent' AND parent_id = '' AND status = 'ok'
            AND start_time > {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
            AND {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
        GROUP BY agent
    )
SELECT run_id, toString(empties.agent) AS agent, step_id, 1 AS value,
    format('{} ended well and answered nothing', if(agent = '', 'a run', agent)) AS summary
FROM empties
LEFT JOIN habits ON empties.agent = habits.agent
WHERE runs < {past:UInt32} OR share < {usual:Float64}
