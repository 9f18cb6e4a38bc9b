-- As read_spans, for log records. Recordings go their own way (keep_recordings).
CREATE MATERIALIZED VIEW IF NOT EXISTS read_logs{{on_cluster}} TO logs AS
WITH
    scopes AS
    (
        SELECT
            rs.resource.attributes.value.string_value[indexOf(rs.resource.attributes.key, 'service.name')] AS service,
            arrayJoin(rs.scope_logs) AS ss,
            {{scope_hash}} AS scope_hash,
            ss.log_records AS records
        FROM (SELECT arrayJoin(resource_logs) AS rs FROM otlp_logs)
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
            arrayFilter((i, c, t, k) -> notEmpty(t) AND (length(t) >= 256 OR (c >= 256 AND c < {{first_scalar_code}})
                OR (is_message AND k = '')), arrayEnumerate(codes), codes, texts, keys) AS lifted
        FROM raw
        WHERE l.event_name != 'playhead.recording'
    ),
    split AS
    (
        SELECT
            *,
            arrayMap(i -> if(position(texts[i], '\x1f') > 0, [texts[i]], splitByChar('\x1f', replaceRegexpAll(
                if(endsWith(texts[i], '}]'), concat(substring(texts[i], 1, length(texts[i]) - 1), '\x1f]'), texts[i]),
                {{piece_start}}, '\x1f\\0'))), lifted) AS piece_lists
        FROM flat
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
    arrayMap(x -> bitShiftRight(x, 32)::UInt16, known) AS fields,
    lifted,
    arrayFlatten(piece_lists) AS pieces,
    arrayMap(p -> sipHash128(p), pieces) AS piece_hashes,
    arrayFlatten(arrayMap((i, p) -> arrayWithConstant(length(p), i), lifted, piece_lists)) AS piece_owners,
    l.dropped_attributes_count AS dropped_attributes,
    l.flags AS flags
FROM split
WHERE sipHash128(run_id) NOT IN (SELECT subject_hash FROM erased WHERE subject = 'run')
