-- Of each run what may be worth a remark: its tool calls with the hash of their arguments, and the input of its prompts in order.
SELECT
    run_id,
    groupArrayIf((toString(tool), arguments_hash), kind = 'tool' AND arguments_hash != 0) AS tool_calls,
    arrayMap(p -> p.2, arraySort(groupArrayIf((toUnixTimestamp64Nano(start_time), input_tokens),
        kind = 'prompt' AND input_tokens IS NOT NULL))) AS inputs,
    max(greatest(start_time, end_time)) AS last_seen
FROM steps
WHERE run_id IN {runs:Array(String)} AND NOT (operation = 'feedback' AND kind = 'score')
GROUP BY run_id
