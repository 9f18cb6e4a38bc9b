-- The names of the scores that runs were given, and the labels put on them, the most frequent first: how a query line may go on.
SELECT
    attribute_texts[indexOf(attribute_keys, 'gen_ai.evaluation.name')] AS name,
    attribute_texts[indexOf(attribute_keys, 'gen_ai.evaluation.score.label')] AS label,
    count() AS times
FROM step_rows
PREWHERE kind = 'score'
GROUP BY name, label
ORDER BY times DESC, name, label
LIMIT 200
