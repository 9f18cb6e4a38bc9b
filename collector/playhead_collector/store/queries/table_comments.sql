-- A materialized view's comment is the hash of what it was made from.
SELECT name, comment
FROM system.tables
WHERE database = {database:String}
