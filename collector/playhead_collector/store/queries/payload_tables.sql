-- On a cluster the rows are in …_local.
SELECT name, create_table_query
FROM system.tables
WHERE database = currentDatabase() AND (name LIKE 'step_rows%' OR name LIKE 'message_rows%')
