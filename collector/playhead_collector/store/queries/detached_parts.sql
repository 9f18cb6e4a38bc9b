-- Parts that were set aside, as broken or by hand, and that no query reads.
SELECT hostName() AS host, table, name
FROM {{detached_parts}}
WHERE database = {database:String} AND table IN {tables:Array(String)}
