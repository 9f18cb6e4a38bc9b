SELECT
    *,
    if(status = 'open', NULL, (toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time)) / 1e9) AS seconds,
    if(response_model != '', response_model, request_model) AS model,
    mapFromArrays(arraySlice(attribute_keys, 1, attribute_count), arrayMap(key -> {{said}}, arraySlice(attribute_keys, 1, attribute_count))) AS attributes
FROM ({{step_rows}})
