-- Runs that were given a score, by themselves or from outside, on whatever day. Scores are few: of other steps only the kind is read.
-- (A step's kind never changes, so asking for it before FINAL leaves no copy behind that FINAL would have replaced.)
AND run_id IN
(
    SELECT run_id
    FROM step_rows FINAL
    PREWHERE kind = 'score'
    WHERE attribute_texts[indexOf(attribute_keys, 'gen_ai.evaluation.name')] = {score_name:String}
        AND attribute_texts[indexOf(attribute_keys, 'gen_ai.evaluation.score.label')] LIKE {score_word:String}
        AND has(attribute_keys, 'gen_ai.evaluation.score.value') AND if(attribute_types[indexOf(attribute_keys, 'gen_ai.evaluation.score.value')] = 4, reinterpretAsFloat64(attribute_numbers[indexOf(attribute_keys, 'gen_ai.evaluation.score.value')]), toFloat64(attribute_numbers[indexOf(attribute_keys, 'gen_ai.evaluation.score.value')])) >= {score_least:Float64}
        AND has(attribute_keys, 'gen_ai.evaluation.score.value') AND if(attribute_types[indexOf(attribute_keys, 'gen_ai.evaluation.score.value')] = 4, reinterpretAsFloat64(attribute_numbers[indexOf(attribute_keys, 'gen_ai.evaluation.score.value')]), toFloat64(attribute_numbers[indexOf(attribute_keys, 'gen_ai.evaluation.score.value')])) <= {score_most:Float64}
)
