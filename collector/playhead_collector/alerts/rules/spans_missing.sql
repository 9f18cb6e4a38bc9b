-- title: Steps of a run that never arrived
-- why: A run that ended says how many steps it had. Where fewer are stored, or one is named as a parent and is not there, what is
--   shown of the run is not all of it, and figures that are made of it are too low.
-- severity: warning
-- owner: platform
-- only_if: run_status != 'open' AND (run_gaps > 0
--   OR sum(attribute_numbers[indexOf(attribute_keys, 'playhead.run.steps')]) > countIf(operation != 'feedback'))
-- every: 15s
-- for: 2m
SELECT
    run_id,
    argMin(step_id, start_time) AS first_step,
    first_step AS step_id,
    greatest(sum(toInt64OrZero(attributes['playhead.run.steps'])) - toInt64(count()), toInt64(any(gaps))) AS value,
    format('{} of the run {} not arrived; {} {} here', if(value = 1, '1 step', concat(toString(value), ' steps')),
        if(value = 1, 'has', 'have'), toString(count()), if(count() = 1, 'is', 'are')) AS summary
FROM steps
INNER JOIN
(
    SELECT run_id, missing_parents AS gaps FROM runs WHERE run_id IN {runs:Array(String)} AND status != 'open'
) AS ended USING (run_id)
-- What was said of the run from outside is no step that it took.
WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')} AND operation != 'feedback'
GROUP BY run_id
HAVING value > 0
