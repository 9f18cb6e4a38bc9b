SELECT run_id, hash, has_resource, resource, resource_schema_url, has_scope, scope, scope_schema_url
FROM scope_rows
WHERE run_id IN {runs:Array(String)}
LIMIT 1 BY run_id, hash
