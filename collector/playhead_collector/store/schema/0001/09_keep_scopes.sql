CREATE MATERIALIZED VIEW IF NOT EXISTS keep_scopes{{on_cluster}} TO scope_rows AS
WITH
    -- Of the spans nothing but their run: unfolded whole, they would be copied for it, 15 us a heavy span.
    requests AS
    (
        SELECT rs.has_resource AS has_resource, rs.resource AS resource, rs.schema_url AS resource_schema_url,
            rs.scope_spans.has_scope AS has_scopes, rs.scope_spans.scope AS all_scopes,
            rs.scope_spans.schema_url AS schema_urls, rs.scope_spans.spans.trace_id AS trace_ids
        FROM (SELECT arrayJoin(resource_spans) AS rs FROM otlp_traces)
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
            arrayDistinct(of_spans) AS runs
        FROM requests
        ARRAY JOIN has_scopes AS has_scope, all_scopes AS scope, schema_urls AS scope_schema_url, trace_ids AS of_spans
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
