SELECT
    run_id, step_id, time, record_hash_of_figures AS record_hash, time_ns, observed_ns, severity, severity_text, event_name,
    service, session, user, agent,
    []::Array(FixedString(16)) AS piece_hashes,
    []::Array(UInt32) AS piece_owners,
    attribute_keys,
    arrayMap(t -> if(t IN (0, 8), t, 1)::UInt8, source.attribute_types) AS attribute_types,
    arrayMap((key, t) -> if(t IN (0, 8), '', {{said}}), attribute_keys, source.attribute_types) AS attribute_texts,
    arrayMap(key -> 0::Int64, attribute_keys) AS attribute_numbers,
    scope_hash, dropped_attributes, flags, arrived_at
FROM
(
    -- The hash of what a record says would let guesses be tried; its place among those of its step does as well.
    SELECT *, toFixedString(toString(row_number() OVER (PARTITION BY run_id, step_id, time ORDER BY record_hash)), 16)
        AS record_hash_of_figures
    FROM {{source}}.log_rows FINAL
) AS source
