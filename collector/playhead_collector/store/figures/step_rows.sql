-- Every value of an attribute becomes the same text, numbers too: a number may be a card's. What counts is in columns of its own.
SELECT
    run_id, step_id, parent_id, kind, name, start_time, end_time, status, error_type,
    if(status_message = '', '', {{said}}) AS status_message,
    service, agent, version, session, user, operation, provider, request_model, response_model, response_id, finish_reason,
    input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, reported_cost, first_token_seconds,
    tool, tool_call_id,
    -- Hashes would let guesses be tried.
    0::UInt64 AS arguments_hash,
    state, is_answer_log,
    []::Array(FixedString(16)) AS piece_hashes,
    []::Array(UInt32) AS piece_owners,
    []::Array(Enum8('other' = 0)) AS piece_fields,
    attribute_count, attribute_keys,
    arrayMap(t -> if(t IN (0, 8), t, 1)::UInt8, source.attribute_types) AS attribute_types,
    arrayMap((key, t) -> if(t IN (0, 8), '', {{said}}), attribute_keys, source.attribute_types) AS attribute_texts,
    arrayMap(key -> 0::Int64, attribute_keys) AS attribute_numbers,
    event_times, event_names, event_attribute_counts, event_dropped_attributes,
    []::Array(String) AS links,
    scope_hash,
    if(trace_state = '', '', {{said}}) AS trace_state,
    flags, span_kind, status_code, has_status, zero_parent, dropped_attributes, dropped_events, dropped_links, arrived_at
FROM {{source}}.step_rows AS source FINAL
