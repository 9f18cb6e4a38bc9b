-- Parts that a merge or a mutation has replaced and that still lie on disk.
SELECT count()
FROM system.parts
WHERE database = currentDatabase() AND table IN {tables:Array(String)} AND NOT active
