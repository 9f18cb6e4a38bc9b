-- Of the runs that a segment touched: which models need a price, which have copies of a step (only they are read with FINAL, which
-- costs four times as much), and which may tell of one call twice. A second telling always overlaps the first in time, or is an
-- answer logged after it; most agents call one model after the other, and each tool once at a time. (Sorted by start: a step that
-- begins before its predecessor ended. One hidden inside a longer, earlier one is next to it or next to another that it
-- overlaps.)
SELECT
    run_id,
    groupUniqArrayIf((provider, model, toDate(start_time)), model != '') AS models,
    uniqExact(step_id) AS steps,
    count() > steps AS has_copies,
    arraySort(groupArrayIf((told_as, toUnixTimestamp64Nano(start_time), toUnixTimestamp64Nano(end_time)), told_as != 0)) AS told,
    max(is_answer_log) > 0
        OR (length(told) > 1 AND arrayExists((a, b) -> a.1 = b.1 AND (b.2 <= a.3 OR a.3 = 0),
            arrayPopBack(told), arrayPopFront(told))) AS suspicious
FROM
(
    SELECT run_id, step_id, provider, if(response_model != '', response_model, request_model) AS model, start_time,
        end_time, is_answer_log,
        multiIf(kind = 'prompt', 1, kind = 'retrieval' AND (model != '' OR input_tokens IS NOT NULL), 2,
            kind = 'tool', bitOr(cityHash64(tool), 4), 0)::UInt64 AS told_as
    FROM step_rows
    WHERE run_id IN {runs:Array(String)} AND NOT (operation = 'feedback' AND kind = 'score')
)
GROUP BY run_id
