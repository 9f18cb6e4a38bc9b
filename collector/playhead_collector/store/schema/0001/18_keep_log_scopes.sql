CREATE MATERIALIZED VIEW IF NOT EXISTS keep_log_scopes{{on_cluster}} TO scope_rows AS
WITH
    requests AS
    (
        SELECT rs.has_resource AS has_resource, rs.resource AS resource, rs.schema_url AS resource_schema_url,
            rs.scope_logs.has_scope AS has_scopes, rs.scope_logs.scope AS all_scopes,
            rs.scope_logs.schema_url AS schema_urls, rs.scope_logs.log_records.trace_id AS trace_ids
        FROM (SELECT arrayJoin(resource_logs) AS rs FROM otlp_logs)
    ),
    scopes AS
    (
        SELECT
            has_resource,
            resource,
            resource_schema_url,
            has_scope,
            scope,
            scope_schema_url,
            {{scope_hash}} AS hash,
            arrayDistinct(of_records) AS runs
        FROM requests
        ARRAY JOIN has_scopes AS has_scope, all_scopes AS scope, schema_urls AS scope_schema_url, trace_ids AS of_records
    )
SELECT
    lower(hex(run)) AS run_id,
    hash,
    has_resource,
    resource,
    resource_schema_url,
    has_scope,
    scope,
    scope_schema_url,
    now('UTC') AS arrived_at
FROM scopes
ARRAY JOIN runs AS run
WHERE sipHash128(run_id) NOT IN (SELECT subject_hash FROM erased WHERE subject = 'run')
