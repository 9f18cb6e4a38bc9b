-- title: A score below its floor
-- why: A check, a judge or a user said that it went badly. What is bad depends on the scale: a score is held against half of what
--   the same agent is usually given under that name, and against how far its scores are scattered; a score that is usually near zero has no floor, and a label of failure
--   needs no past.
-- severity: warning
-- owner: agents
-- only_if: countIf(kind = 'score') > 0
-- group_by: run_id, score
-- lookback: 7d
-- parameter: share Float64 = 0.5; of the median of earlier scores
-- parameter: past UInt32 = 20; earlier scores that are a past
-- parameter: least Float64 = 0.1; a median below which low is good
-- parameter: floor Float64 = 0; a floor for scores without a past; 0 is none
WITH
    given AS
    (
        SELECT run_id, step_id, parent_id, run_agent AS agent, attributes['gen_ai.evaluation.name'] AS score,
            toFloat64OrNull(attributes['gen_ai.evaluation.score.value']) AS number,
            lower(attributes['gen_ai.evaluation.score.label']) AS label
        FROM steps
        INNER JOIN (SELECT run_id, agent AS run_agent FROM runs WHERE run_id IN {runs:Array(String)}) AS of_run USING (run_id)
        WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')} AND kind = 'score'
    ),
    usual AS
    (
        SELECT
            attribute_texts[indexOf(attribute_keys, 'gen_ai.evaluation.name')] AS score,
            run_agent AS agent,
            count() AS scores,
            groupArray(reinterpretAsFloat64(attribute_numbers[indexOf(attribute_keys, 'gen_ai.evaluation.score.value')])) AS numbers,
            arrayReduce('quantileExact(0.5)', numbers) AS middle,
            arrayReduce('quantileExact(0.05)', numbers) AS low,
            -- A check that says yes or no has no spread; any other scale is judged by how far it is scattered, too: what is twice
            -- as far below the middle as the lowest twentieth comes once in two thousand scores where they lie as on a bell.
            if(length(arrayDistinct(numbers)) <= 2, {share:Float64} * middle,
                least({share:Float64} * middle, 2 * low - middle)) AS least_usual
        FROM step_rows
        -- Scores do not say themselves whose they are.
        INNER JOIN
        (
            SELECT run_id, any(agent) AS run_agent
            FROM run_rows
            WHERE agent IN (SELECT agent FROM given)
                AND {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
            GROUP BY run_id
        ) AS of_past USING (run_id)
        WHERE kind = 'score' AND score IN (SELECT score FROM given) AND has(attribute_keys, 'gen_ai.evaluation.score.value')
            AND start_time > {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
        GROUP BY score, agent
    )
SELECT
    run_id,
    given.score AS score,
    step_id,
    ifNull(number, 0) AS value,
    if(label != '', format('{} was {}', score, label), format('{} was {}, and is usually {}', score, toString(value),
        toString(round(middle, 3)))) AS summary
FROM given
LEFT JOIN usual ON given.score = usual.score AND given.agent = usual.agent
WHERE label IN ('fail', 'failed', 'false', 'bad', 'incorrect', 'wrong', 'no', 'thumbs_down', 'down', 'rejected')
    OR (number IS NOT NULL AND if(scores >= {past:UInt32}, middle >= {least:Float64} AND number < least_usual,
        number < {floor:Float64}))
