-- title: The same few calls in turn, with the same arguments and answers
-- why: A-B-A-B is a loop that no count of equal neighbours sees: read and search, plan and check, two agents that hand over
--   to each other. Where one of the calls gets another answer the run gets on, so such a call breaks the cycle.
-- severity: warning
-- owner: agents
-- only_if: countIf(kind = 'tool' AND arguments_hash != 0)
--   - uniqExactIf((tool, arguments_hash), kind = 'tool' AND arguments_hash != 0) >= 2 * {rounds:UInt32} - 2
-- parameter: rounds UInt32 = 4; rounds of two to four calls, each as the round before it
WITH
    told AS
    (
        SELECT run_id, agent, tool, step_id, start_time, sipHash64(tool, arguments_hash) AS call,
            sipHash64(status, status_message, arrayFilter((h, f) -> f IN ('result', 'output', 'output_any'), piece_hashes, piece_fields)) AS answer
        FROM steps
        WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')}
            AND kind = 'tool' AND arguments_hash != 0 AND status != 'open'
    ),
    unchanging AS
    (
        SELECT run_id, call FROM told GROUP BY run_id, call HAVING uniqExact(answer) = 1
    ),
    in_order AS
    (
        SELECT
            run_id,
            any(agent) AS whose,
            argMax(step_id, start_time) AS last_step,
            -- A call with changing answers is unlike any other.
            arrayMap(x -> x.2, arraySort(groupArray((start_time, if((run_id, call) IN (SELECT run_id, call FROM unchanging), call,
                sipHash64(step_id)), toString(tool))))) AS calls,
            arrayDistinct(groupArray(toString(tool))) AS tools
        FROM told
        GROUP BY run_id
        HAVING count() >= 2 * {rounds:UInt32}
    )
SELECT
    run_id,
    last_step AS step_id,
    arrayMax(arrayMap(size -> intDiv(size + arrayFold((streak, at) -> (
            if(at > size AND calls[at] = calls[at - size] AND calls[at] != calls[at - 1], streak.1 + 1, 0)::UInt32,
            greatest(streak.2, if(at > size AND calls[at] = calls[at - size] AND calls[at] != calls[at - 1], streak.1 + 1, 0))::UInt32),
        arrayEnumerate(calls), (0::UInt32, 0::UInt32)).2, size), [2, 3, 4])) AS value,
    format('{} went {} times through the same calls ({})', if(whose = '', 'a run', whose), toString(value),
        arrayStringConcat(arraySlice(tools, 1, 4), ', ')) AS summary
FROM in_order
WHERE value >= {rounds:UInt32}
