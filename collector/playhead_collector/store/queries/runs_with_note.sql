-- Runs with a note, or a score's comment, that holds these words. A long one is stored as a piece of its run.
AND run_id IN
(
    SELECT run_id
    FROM step_rows FINAL
    PREWHERE kind = 'score'
    WHERE attribute_texts[indexOf(attribute_keys, 'gen_ai.evaluation.explanation')] ILIKE {note:String}
    UNION ALL
    SELECT run_id
    FROM message_rows
    WHERE text ILIKE {note:String} AND (run_id, hash) IN
    (
        SELECT run_id, arrayJoin(arrayFilter((h, o) -> attribute_keys[o] = 'gen_ai.evaluation.explanation', piece_hashes, piece_owners))
        FROM step_rows
        PREWHERE kind = 'score'
        WHERE has(attribute_keys, 'gen_ai.evaluation.explanation')
    )
)
