-- Level by level, because what a level gives a name to is analysed once there; an alias is analysed anew wherever it is
-- mentioned, and aliases that mention aliases took half a second of each insert.
CREATE MATERIALIZED VIEW IF NOT EXISTS keep_steps{{on_cluster}} TO step_rows AS
WITH
    said AS
    (
        SELECT
            *,
            {{said_kind}} AS said_kind,
            {{text:tool}} AS said_tool,
            {{text:agent}} AS said_agent,
            {{text:entity}} AS entity,
            {{text:version}} AS said_version,
            {{text:session}} AS session,
            {{text:user}} AS user,
            lower({{text:kind}}) AS operation,
            {{text:provider}} AS provider,
            {{text:request_model}} AS said_request_model,
            {{text:response_model}} AS response_model,
            {{text:response_id}} AS response_id,
            {{text:error_type}} AS error_type,
            {{count:input_tokens}} AS said_input_tokens,
            {{count:output_tokens}} AS said_output_tokens,
            {{count:cache_read_tokens}} AS cache_read_tokens,
            {{count:cache_write_tokens}} AS cache_write_tokens,
            {{count:reasoning_tokens}} AS reasoning_tokens
        FROM spans
    ),
    modelled AS
    (
        SELECT
            *,
            if(said_request_model = '' AND response_model = '' AND said_kind = 2, {{name:model}}, said_request_model) AS request_model,
            lower(concat(request_model, ' ', response_model)) AS models,
            ifNull(cache_read_tokens, 0) + ifNull(cache_write_tokens, 0) AS cached
        FROM said
    ),
    counted AS
    (
        SELECT
            *,
            -- Cached tokens are a part of the input everywhere but with some emitters. Of a model whose provider leaves them out, more
            -- cached tokens than input tell those, too; of any other they are a count that cannot be right, and have no cost.
            if({{input_excludes_cache}} OR (cached > said_input_tokens AND {{input_excludes_cache_where_less}}),
                said_input_tokens + cached, said_input_tokens) AS input_tokens,
            if({{output_adds_reasoning}}, said_output_tokens - ifNull(reasoning_tokens, 0), said_output_tokens) AS output_tokens,
            -- An emitter that names no kind still calls a tool, or a model; some call a handoff a tool, though no function of the
            -- application runs.
            multiIf(said_kind = 12, 0, said_kind = 3 AND said_tool = '' AND {{is_handoff}}, 5, said_kind > 0, said_kind,
                said_tool != '', 3, request_model != '' OR response_model != '' OR said_input_tokens IS NOT NULL, 2, 0) AS kind
        FROM modelled
    ),
    -- Where a tool names no arguments, its input is them.
    multiIf(kind != 3 OR has(piece_owners, places[{{field:arguments}}]), places[{{field:arguments}}],
        has(piece_owners, places[{{field:input_any}}]), places[{{field:input_any}}], places[{{field:input}}]) AS call_place
SELECT
    run_id,
    step_id,
    parent_id,
    kind,
    name,
    fromUnixTimestamp64Nano(start_ns::Int64, 'UTC') AS start_time,
    fromUnixTimestamp64Nano(end_ns::Int64, 'UTC') AS end_time,
    -- What recorded an exception and nothing else failed, even where nobody set its status or somebody then set it to ok.
    multiIf(end_ns = 0, 'open', status_code = 2 OR error_type != '' OR lower({{text:tool_status}}) = 'error' OR {{count:level}} >= 17, 'error',
        NOT has(event_names, 'exception') OR output_tokens IS NOT NULL, 'ok', status_code = 0 AND kind = 2, 'error',
        kind IN (1, 2, 3) AND places[{{field:output}}] + places[{{field:result}}] + places[{{field:output_any}}] = 0, 'error',
        'ok') AS status,
    error_type,
    status_message,
    service,
    multiIf(said_agent != '' OR kind != 1 OR operation NOT IN ('agent', ''), said_agent, entity != '', entity, {{name:agent}}) AS agent,
    if(said_version != '', said_version, service_version) AS version,
    session,
    user,
    operation,
    provider,
    request_model,
    response_model,
    response_id,
    {{finish}} AS finish_reason,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    reasoning_tokens,
    {{number:reported_cost}} AS reported_cost,
    {{seconds:first_token_s}} AS first_token_seconds,
    multiIf(said_tool != '' OR kind != 3, said_tool, entity != '', entity, {{name:tool}}) AS tool,
    {{text:tool_call_id}} AS tool_call_id,
    sipHash64(arrayStringConcat(arrayFilter((p, o) -> o = call_place, pieces, piece_owners)) AS call_arguments)
        * notEmpty(call_arguments) AS arguments_hash,
    {{text:state}} AS state,
    has(keys, 'logfire.span_type') AND texts[indexOf(keys, 'logfire.span_type')] = 'log' AS is_answer_log,
    piece_hashes,
    piece_owners,
    piece_fields,
    attribute_count,
    keys AS attribute_keys,
    types AS attribute_types,
    arrayMap((t, m) -> if(m, '', t), texts, is_lifted) AS attribute_texts,
    numbers AS attribute_numbers,
    event_times,
    event_names,
    event_attribute_counts,
    event_dropped_attributes,
    links,
    scope_hash,
    trace_state,
    flags,
    span_kind,
    status_code,
    has_status,
    zero_parent,
    dropped_attributes,
    dropped_events,
    dropped_links,
    now('UTC') AS arrived_at,
    toUnixTimestamp64Milli(now64(3))::UInt64 + if(end_ns = 0, 0, 4611686018427387904) AS version_of_row
FROM counted
