-- Which runs: what is asked of a row of `run_rows`. A condition whose value is not asked for is left out, so each is one line.
AND start_time >= {since:DateTime64(9, 'UTC')}
AND start_time < {until:DateTime64(9, 'UTC')}
AND startsWith(run_id, {run:String})
AND run_id IN (SELECT run_id FROM dataset_rows FINAL WHERE name = {dataset:String} AND removed = 0)
AND agent LIKE {agent:String}
AND toString(status) = {status:String}
AND user LIKE {user:String}
AND session LIKE {session:String}
AND version LIKE {version:String}
AND arrayExists(m -> m LIKE {model:String}, models)
AND arrayExists(t -> t LIKE {tool:String}, tools)
AND cost_usd >= {min_cost:Float64}
AND cost_usd <= {max_cost:Float64}
AND ifNull(input_tokens, 0) + ifNull(output_tokens, 0) >= {min_tokens:UInt64}
AND ifNull(input_tokens, 0) + ifNull(output_tokens, 0) <= {max_tokens:UInt64}
AND steps >= {min_steps:UInt32}
AND steps <= {max_steps:UInt32}
AND errors >= {min_errors:UInt32}
AND errors <= {max_errors:UInt32}
AND status != 'open' AND toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time) >= {min_seconds:Float64} * 1e9
AND status != 'open' AND toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time) <= {max_seconds:Float64} * 1e9
-- {texts}
