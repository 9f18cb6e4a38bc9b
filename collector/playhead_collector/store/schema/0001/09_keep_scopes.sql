CREATE MATERIALIZED VIEW IF NOT EXISTS keep_scopes{{on_cluster}} TO scope_rows AS
SELECT
    lower(hex(run)) AS run_id,
    {{scope_hash}} AS hash,
    rs.has_resource AS has_resource,
    rs.resource AS resource,
    rs.schema_url AS resource_schema_url,
    ss.has_scope AS has_scope,
    ss.scope AS scope,
    ss.schema_url AS scope_schema_url,
    now('UTC') AS arrived_at
FROM (SELECT rs, arrayJoin(rs.scope_spans) AS ss FROM (SELECT arrayJoin(resource_spans) AS rs FROM otlp_traces))
ARRAY JOIN arrayDistinct(ss.spans.trace_id) AS run
WHERE sipHash128(run_id) NOT IN (SELECT subject_hash FROM erased WHERE subject = 'run')
