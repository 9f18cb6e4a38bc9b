-- The datasets that there are, the latest first, with how many runs are in each and how many of these are here.
SELECT
    name,
    anyIf(query, run_id = '') AS asked,
    anyIf(by, run_id = '') AS who,
    anyIf(at, run_id = '') AS made,
    countIf(run_id != '') AS runs,
    countIf(run_id IN (SELECT run_id FROM run_rows)) AS present
FROM dataset_rows FINAL
WHERE removed = 0
GROUP BY name
HAVING countIf(run_id = '') > 0
ORDER BY made DESC, name
