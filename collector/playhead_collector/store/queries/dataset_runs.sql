-- The runs of a dataset, the latest first, and whether they are here; of those that are not, whether they were erased.
SELECT
    listed.run_id AS run,
    listed.at AS added,
    found.run_id != '' AS present,
    sipHash128(listed.run_id) IN (SELECT subject_hash FROM erased WHERE subject = 'run') AS was_erased
FROM (SELECT run_id, at FROM dataset_rows FINAL WHERE name = {name:String} AND run_id != '' AND removed = 0) AS listed
LEFT ANY JOIN (SELECT run_id, start_time FROM run_rows FINAL
    WHERE run_id IN (SELECT run_id FROM dataset_rows WHERE name = {name:String})) AS found ON listed.run_id = found.run_id
ORDER BY present DESC, found.start_time DESC, run
