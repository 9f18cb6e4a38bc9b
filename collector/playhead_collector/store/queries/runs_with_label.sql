-- Runs on which somebody put a label, whatever the name of the score that bears it.
AND run_id IN
(
    SELECT run_id
    FROM step_rows FINAL
    PREWHERE kind = 'score'
    WHERE attribute_texts[indexOf(attribute_keys, 'gen_ai.evaluation.score.label')] LIKE {label:String}
)
