-- Deduplicated steps: what every query, cost and alert reads.
CREATE VIEW IF NOT EXISTS steps{{on_cluster}} AS
SELECT
    * EXCEPT (version_of_row),
    if(status = 'open', NULL, (toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time)) / 1e9) AS seconds,
    if(response_model != '', response_model, request_model) AS model,
    mapFromArrays(arraySlice(attribute_keys, 1, attribute_count), arrayMap((y, t, n) -> multiIf(y = 3, toString(n),
        y = 4, toString(reinterpretAsFloat64(n)), y = 2, if(n = 0, 'false', 'true'), t),
        arraySlice(attribute_types, 1, attribute_count), arraySlice(attribute_texts, 1, attribute_count),
        arraySlice(attribute_numbers, 1, attribute_count))) AS attributes
FROM step_rows FINAL
