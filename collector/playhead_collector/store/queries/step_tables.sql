-- On a cluster the rows are in step_rows_local, and step_rows lies over it.
SELECT create_table_query
FROM system.tables
WHERE database = currentDatabase() AND name LIKE 'step_rows%'
