-- Datasets whose line, one of today or one that was replaced, has these words.
SELECT DISTINCT name
FROM dataset_rows
WHERE run_id = '' AND position(replaceAll(query, '"', ''), {words:String}) > 0
