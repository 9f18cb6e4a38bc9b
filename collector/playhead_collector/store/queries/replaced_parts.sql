-- Parts that a merge or a mutation has replaced and that still lie on disk.
SELECT hostName() AS host, table, name
FROM {{parts}}
WHERE database = {database:String} AND table IN {tables:Array(String)} AND NOT active
