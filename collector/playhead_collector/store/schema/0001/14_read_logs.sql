-- As read_spans, for log records. Recordings go their own way (keep_recordings).
CREATE MATERIALIZED VIEW IF NOT EXISTS read_logs{{on_cluster}} TO logs AS
WITH
    -- Unfolded level by level, each keeping only what the next needs: what stands beside an unfolded array is copied.
    requests AS
    (
        SELECT rs.has_resource AS has_resource, rs.resource AS resource, rs.schema_url AS resource_schema_url,
            rs.scope_logs AS all_scopes
        FROM (SELECT arrayJoin(resource_logs) AS rs FROM otlp_logs)
    ),
    scopes AS
    (
        SELECT
            resource.attributes.value.string_value[indexOf(resource.attributes.key, 'service.name')] AS service,
            arrayJoin(all_scopes) AS ss,
            ss.has_scope AS has_scope,
            ss.scope AS scope,
            ss.schema_url AS scope_schema_url,
            {{scope_hash}} AS scope_hash,
            ss.log_records AS records
        FROM requests
    ),
    raw AS (SELECT scope_hash, service, arrayJoin(records) AS l FROM scopes),
    flat AS
    (
        SELECT
            scope_hash,
            service,
            l,
            arrayPushBack(l.attributes.key, '') AS keys,
            arrayPushBack(arrayMap((y, h) -> if(y = 0 AND h != 0, 8, y), l.attributes.value.value::Array(UInt8),
                l.attributes.has_value::Array(UInt8)), if(l.body.value = 'none' AND l.has_body != 'no', 8, l.body.value::UInt8)) AS types,
            arrayPushBack(arrayMap((a, b, c, d) -> concat(a, b, c, d), l.attributes.value.string_value,
                l.attributes.value.array_value, l.attributes.value.kvlist_value, l.attributes.value.bytes_value),
                concat(l.body.string_value, l.body.array_value, l.body.kvlist_value, l.body.bytes_value)) AS texts,
            arrayPushBack(arrayMap((i, d, b) -> i + reinterpretAsInt64(d) + b, l.attributes.value.int_value,
                l.attributes.value.double_value, l.attributes.value.bool_value),
                l.body.int_value + reinterpretAsInt64(l.body.double_value) + l.body.bool_value) AS numbers,
            arrayMap(k -> transform(k, {{dialect_keys}}, {{dialect_codes}}, {{prefix_code}}), keys) AS codes,
            arraySort(arrayFilter(x -> x >= 4294967296, arrayMap(
                (c, y, t, i) -> if(y IN (2, 3, 4) OR notEmpty(t), bitShiftLeft(c::UInt64, 24) + i, 0),
                codes, types, texts, arrayEnumerate(codes)))) AS known,
            startsWith(l.event_name, 'gen_ai.') OR has(keys, 'event.name') AS is_message,
            arrayMap((c, t, k) -> notEmpty(t) AND (length(t) >= 256 OR (c >= 256 AND c < {{first_scalar_code}})
                OR (is_message AND k = '')), codes, texts, keys) AS is_lifted
        FROM raw
        WHERE l.event_name != 'playhead.recording'
    ),
    split AS
    (
        SELECT
            *,
            arraySort(arrayConcat(known, {{nowhere}})) AS marked,
            arrayFilter((i, m) -> m, arrayEnumerate(is_lifted), is_lifted) AS lifted,
            arrayFilter((t, m) -> m, texts, is_lifted) AS lifted_texts,
            arrayMap(t -> {{pieces}}, lifted_texts) AS piece_lists
        FROM flat
    ),
    placed AS
    (
        SELECT
            *,
            {{places}} AS places
        FROM split
    ),
    found AS
    (
        SELECT
            *,
            {{json_texts}} AS all_json_texts
        FROM placed
    )
SELECT
    scope_hash,
    service,
    lower(hex(l.trace_id)) AS run_id,
    lower(hex(l.span_id)) AS step_id,
    l.time_unix_nano AS time_ns,
    l.observed_time_unix_nano AS observed_ns,
    -- Many emitters give only the observed time, and some none, which is 1970 here.
    if(time_ns != 0, time_ns, observed_ns) AS known_ns,
    l.severity_number AS severity,
    l.severity_text AS severity_text,
    l.event_name AS event_name,
    keys,
    types,
    texts,
    numbers,
    known,
    places,
    {{json_said}} AS json_said,
    is_lifted,
    arrayFlatten(piece_lists) AS pieces,
    arrayMap(p -> sipHash128(p), pieces) AS piece_hashes,
    arrayFlatten(arrayMap((i, p) -> arrayWithConstant(length(p), i), lifted, piece_lists)) AS piece_owners,
    l.dropped_attributes_count AS dropped_attributes,
    l.flags AS flags
FROM found
WHERE sipHash128(run_id) NOT IN (SELECT subject_hash FROM erased WHERE subject = 'run')
