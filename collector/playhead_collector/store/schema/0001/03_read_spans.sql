-- From the request to one row a span. Per scope first (its hash, the service), then per span, then what the keys mean,
-- then the payloads in pieces: flat steps, each of which computes a thing once.
CREATE MATERIALIZED VIEW IF NOT EXISTS read_spans{{on_cluster}} TO spans AS
WITH
    -- Unfolded level by level, each keeping only what the next needs: what stands beside an unfolded array is copied.
    requests AS
    (
        SELECT rs.has_resource AS has_resource, rs.resource AS resource, rs.schema_url AS resource_schema_url,
            rs.scope_spans AS all_scopes
        FROM (SELECT arrayJoin(resource_spans) AS rs FROM otlp_traces)
    ),
    scopes AS
    (
        SELECT
            resource.attributes.key AS resource_keys,
            resource.attributes.value.string_value AS resource_texts,
            resource_texts[indexOf(resource_keys, 'service.name')] AS service,
            resource_texts[indexOf(resource_keys, 'service.version')] AS service_version,
            arrayJoin(all_scopes) AS ss,
            ss.has_scope AS has_scope,
            ss.scope AS scope,
            ss.schema_url AS scope_schema_url,
            {{scope_hash}} AS scope_hash,
            ss.scope.name AS scope_name,
            ss.spans AS scope_spans
        FROM requests
    ),
    raw AS
    (
        SELECT
            scope_hash,
            service,
            service_version,
            scope_name,
            s,
            notEmpty(s.events.name) AS has_events
        FROM scopes
        -- As a clause, which goes on with `max_block_size` spans at a time; the function goes on with all that there are, and
        -- then every copy that is made below is one of the whole segment.
        ARRAY JOIN scope_spans AS s
    ),
    flat AS
    (
        SELECT
            scope_hash,
            service,
            service_version,
            scope_name,
            s,
            -- Exactly one of the four texts is not empty, and one of the three numbers not zero: joining them is choosing, without
            -- a branch a value.
            arrayMap((a, b, c, d) -> concat(a, b, c, d), s.attributes.value.string_value,
                s.attributes.value.array_value, s.attributes.value.kvlist_value, s.attributes.value.bytes_value) AS own_texts,
            arrayMap((i, d, b) -> i + reinterpretAsInt64(d) + b, s.attributes.value.int_value,
                s.attributes.value.double_value, s.attributes.value.bool_value) AS own_numbers,
            if(has_events, arrayConcat(s.attributes.key, arrayFlatten(s.events.attributes.key)), s.attributes.key) AS keys,
            arrayMap((y, h) -> if(y = 0 AND h != 0, 8, y), s.attributes.value.value::Array(UInt8),
                s.attributes.has_value::Array(UInt8)) AS own_types,
            if(has_events, arrayConcat(own_types, arrayMap((y, h) -> if(y = 0 AND h != 0, 8, y),
                arrayFlatten(s.events.attributes.value.value)::Array(UInt8),
                arrayFlatten(s.events.attributes.has_value)::Array(UInt8))), own_types) AS types,
            if(has_events, arrayConcat(own_texts, arrayMap((a, b, c, d) -> concat(a, b, c, d),
                arrayFlatten(s.events.attributes.value.string_value), arrayFlatten(s.events.attributes.value.array_value),
                arrayFlatten(s.events.attributes.value.kvlist_value), arrayFlatten(s.events.attributes.value.bytes_value))),
                own_texts) AS texts,
            if(has_events, arrayConcat(own_numbers, arrayMap((i, d, b) -> i + reinterpretAsInt64(d) + b,
                arrayFlatten(s.events.attributes.value.int_value), arrayFlatten(s.events.attributes.value.double_value),
                arrayFlatten(s.events.attributes.value.bool_value))), own_numbers) AS numbers,
            length(s.attributes.key) AS attribute_count,
            -- The messages of some dialects stand in events; short ones are payloads too.
            has_events AND arrayExists(n -> startsWith(n, 'gen_ai.'), s.events.name) AS has_message_events
        FROM raw
    ),
    coded AS
    (
        SELECT
            *,
            -- What a key means: field * 256 + its rank among the aliases of that field.
            arrayMap(k -> transform(k, {{dialect_keys}}, {{dialect_codes}}, {{prefix_code}}), keys) AS codes
        FROM flat
    ),
    understood AS
    (
        SELECT
            *,
            arraySort(arrayFilter(x -> x >= 4294967296, arrayMap(
                (c, y, t, i) -> if(y IN (2, 3, 4) OR notEmpty(t), bitShiftLeft(c::UInt64, 24) + i, 0),
                codes, types, texts, arrayEnumerate(codes)))) AS known,
            -- Payload fields have the lowest numbers.
            arrayMap((i, c, t) -> notEmpty(t) AND (length(t) >= 256 OR (c >= 256 AND c < {{first_scalar_code}})
                OR (has_message_events AND i > attribute_count)), arrayEnumerate(codes), codes, texts) AS is_lifted
        FROM coded
    ),
    split AS
    (
        SELECT
            *,
            arraySort(arrayConcat(known, {{nowhere}})) AS marked,
            arrayFilter((i, m) -> m, arrayEnumerate(is_lifted), is_lifted) AS lifted,
            -- An array that a lambda only mentions is copied for each element; so none is.
            arrayFilter((t, m) -> m, texts, is_lifted) AS lifted_texts,
            arrayMap(c -> if(c >= 256 AND c < {{first_scalar_code}}, intDiv(c, 256), 0)::UInt8,
                arrayFilter((c, m) -> m, codes, is_lifted)) AS lifted_fields,
            arrayMap(t -> {{pieces}}, lifted_texts) AS piece_lists
        FROM understood
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
    service_version,
    scope_name,
    lower(hex(s.trace_id)) AS run_id,
    lower(hex(s.span_id)) AS step_id,
    if(s.parent_span_id = '\0\0\0\0\0\0\0\0', '', lower(hex(s.parent_span_id))) AS parent_id,
    s.parent_span_id != '' AND parent_id = '' AS zero_parent,
    s.trace_state AS trace_state,
    s.flags AS flags,
    s.name AS name,
    s.kind AS span_kind,
    s.start_time_unix_nano AS start_ns,
    s.end_time_unix_nano AS end_ns,
    attribute_count,
    keys,
    types,
    -- A payload is handed on as its pieces, and not a second time.
    arrayMap((t, m, c) -> if(m AND c < {{first_scalar_code}}, '', t), texts, is_lifted, codes) AS texts,
    numbers,
    known,
    places,
    {{counts}} AS counts,
    {{amounts}} AS amounts,
    {{json_said}} AS json_said,
    is_lifted,
    arrayFlatten(piece_lists) AS pieces,
    arrayMap(p -> sipHash128(p), pieces) AS piece_hashes,
    arrayFlatten(arrayMap((i, l) -> arrayWithConstant(length(l), i), lifted, piece_lists)) AS piece_owners,
    arrayFlatten(arrayMap((f, l) -> arrayWithConstant(length(l), f), lifted_fields, piece_lists)) AS piece_fields,
    s.dropped_attributes_count AS dropped_attributes,
    s.events.time_unix_nano AS event_times,
    s.events.name AS event_names,
    arrayMap(a -> length(a), s.events.attributes) AS event_attribute_counts,
    s.events.dropped_attributes_count AS event_dropped_attributes,
    s.dropped_events_count AS dropped_events,
    s.links AS links,
    s.dropped_links_count AS dropped_links,
    s.status.message AS status_message,
    s.status.code AS status_code,
    s.has_status != 'no' AS has_status
FROM found
-- What was erased does not come back with a late arrival.
WHERE sipHash128(run_id) NOT IN (SELECT subject_hash FROM erased WHERE subject = 'run')
