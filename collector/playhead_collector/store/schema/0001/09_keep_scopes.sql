CREATE MATERIALIZED VIEW IF NOT EXISTS keep_scopes{{on_cluster}} TO scope_rows AS
WITH
    requests AS
    (
        SELECT rs.has_resource AS has_resource, rs.resource AS resource, rs.schema_url AS resource_schema_url,
            rs.scope_spans AS all_scopes
        FROM (SELECT arrayJoin(resource_spans) AS rs FROM otlp_traces)
    ),
    scopes AS
    (
        SELECT
            {{scope_hash}} AS hash,
            has_resource,
            resource,
            resource_schema_url,
            arrayJoin(all_scopes) AS ss,
            ss.has_scope AS has_scope,
            ss.scope AS scope,
            ss.schema_url AS scope_schema_url,
            arrayDistinct(ss.spans.trace_id) AS runs
        FROM requests
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
