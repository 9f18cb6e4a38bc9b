SELECT
    run_id,
    step_id,
    time_ns,
    observed_ns,
    severity,
    toString(severity_text) AS severity_text,
    toString(event_name) AS event_name,
    attribute_keys::Array(String) AS attribute_keys,
    attribute_types,
    attribute_texts,
    attribute_numbers,
    piece_hashes,
    piece_owners,
    dropped_attributes,
    flags,
    scope_hash
FROM log_rows FINAL
WHERE run_id IN {runs:Array(String)} AND (empty({steps:Array(String)}) OR step_id IN {steps:Array(String)})
ORDER BY run_id, time, step_id, record_hash
