-- Which of these runs are forks, of which run and from which of its steps, and what ended them early: their first step says it.
SELECT
    run_id,
    attribute_texts[indexOf(attribute_keys, 'playhead.fork.of')] AS parent,
    attribute_numbers[indexOf(attribute_keys, 'playhead.fork.at')] AS at,
    attribute_texts[indexOf(attribute_keys, 'playhead.fork.ended')] AS ended
FROM steps
WHERE run_id IN {runs:Array(String)} AND parent_id = '' AND has(attribute_keys, 'playhead.fork.of')
