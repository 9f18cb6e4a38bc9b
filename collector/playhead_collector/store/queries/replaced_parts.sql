-- Parts that a merge or a mutation has replaced and that still lie on disk, and parts that were set aside as broken.
SELECT
    (SELECT count() FROM {{parts}} WHERE database = {database:String} AND table IN {tables:Array(String)} AND NOT active),
    (SELECT count() FROM {{detached_parts}} WHERE database = {database:String} AND table IN {tables:Array(String)})
