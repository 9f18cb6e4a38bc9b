-- title: The same call, with the same arguments and the same answer, again and again
-- why: An agent that does not get on asks for the same thing again. Each call looks fine by itself; together they
--   are a loop that ends at a limit, or with the budget. Where the answer changed it is polling, and no loop; nor is what a run
--   does between the polls.
-- severity: warning
-- owner: agents
-- only_if: arrayMax(arrayEnumerateUniq(groupArrayIf((tool, arguments_hash), kind = 'tool' AND arguments_hash != 0))) >= {repeats:UInt32}
-- group_by: run_id, tool
-- parameter: repeats UInt32 = 5; equal calls of one tool in a run that are too many
SELECT
    run_id,
    toString(tool) AS tool,
    step_id,
    times AS value,
    format('{} was called {} times with the same arguments', tool, toString(value)) AS summary
FROM
(
    -- What is polled is found in the same pass: named twice, all of this was analysed and read twice.
    SELECT
        run_id,
        tool,
        argMax(told.step_id, told.start_time) AS step_id,
        count() AS times,
        uniqExact(answer) AS answers,
        max(if(answers > 1, times, 0)) OVER (PARTITION BY run_id) AS polls
    FROM
    (
        SELECT run_id, tool, arguments_hash, step_id, start_time, sipHash64(status, status_message,
            arrayFilter((h, f) -> f IN ('result', 'output', 'output_any'), piece_hashes, piece_fields)) AS answer
        FROM steps
        WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')}
            AND kind = 'tool' AND arguments_hash != 0 AND status != 'open'
    ) AS told
    GROUP BY run_id, tool, arguments_hash
    HAVING times > 1
)
WHERE answers = 1 AND times >= {repeats:UInt32} AND times > polls + 1
