-- The steps of runs that may tell of one call twice, as calls.py needs them. How much a step knows of tokens: counts that are not
-- zero first (some emitters say zero where they know nothing), then counts at all.
WITH [input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens] AS counts
SELECT
    run_id,
    step_id,
    parent_id,
    if(kind = 'retrieval' AND model = '' AND input_tokens IS NULL, 'other', toString(kind)) AS told_kind,
    response_id,
    toUnixTimestamp64Nano(start_time) AS start_ns,
    toUnixTimestamp64Nano(end_time) AS end_ns,
    if(arrayExists(c -> c > 0, counts), arrayCount(c -> c > 0, counts) * 8 + arrayCount(c -> isNotNull(c), counts), 0) AS usage,
    notEmpty(piece_hashes) AS has_content,
    status = 'error' AS failed,
    is_answer_log,
    hex(scope_hash) AS scope,
    if(request_model != '', request_model, response_model) AS model,
    tool,
    sipHash64(arrayFilter((h, f) -> f = 'input', piece_hashes, piece_fields)) AS input_hash,
    input_tokens,
    output_tokens
FROM step_rows FINAL
WHERE run_id IN {runs:Array(String)}
