SELECT * EXCEPT (`calls.step_id`, `calls.start_time`, `calls.kind`, `calls.provider`, `calls.model`, `calls.input_tokens`,
    `calls.output_tokens`, `calls.cache_read_tokens`, `calls.cache_write_tokens`, `calls.reasoning_tokens`, `calls.cost_usd`,
    `calls.is_sum`)
FROM runs
WHERE run_id = {run:String}
