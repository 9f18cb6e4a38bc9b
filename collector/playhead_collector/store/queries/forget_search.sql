-- The datasets of these words as they are, without the line.
INSERT INTO dataset_rows (name, run_id, query, by, at, removed, version)
SELECT name, run_id, '', by, at, removed, version + 1
FROM dataset_rows FINAL
WHERE run_id = '' AND position(replaceAll(query, '"', ''), {words:String}) > 0
