-- Of all replicas, where a table is replicated: one of them may not have the newest yet.
SELECT DISTINCT partition_id
FROM {{parts}}
WHERE database = {database:String} AND table IN ({table:String}, {plain:String}) AND active
ORDER BY partition_id
