-- What the runs are: for each field its most frequent values. All fields at once, as reading a run's row is most of the work.
SELECT entry.1 AS field, entry.2 AS value, count() AS runs
FROM
(
    SELECT arrayJoin(arrayConcat(
        [('status', toString(status)), ('agent', toString(agent)), ('version', toString(version))],
        arrayMap(one -> ('model', toString(one)), models),
        arrayMap(one -> ('tool', toString(one)), tools),
        [('user', user)])) AS entry
    FROM run_rows FINAL
    WHERE true
        -- {conditions}
)
WHERE value != ''
GROUP BY field, value
ORDER BY field, runs DESC, value
LIMIT {most:UInt32} BY field
