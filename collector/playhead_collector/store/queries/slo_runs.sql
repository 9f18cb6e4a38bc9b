-- Runs that ended in the window, with what service levels are made of. The queries of service levels begin with this, and
-- aggregate `judged`: no run leaves the store.
WITH
    ended AS
    (
        SELECT
            run_id, agent, version, models[1] AS model, status, cost_usd, seconds, end_time AS time,
            -- Of some of its calls no price is known.
            unpriced_calls > 0 AS cost_more,
            -- Of its first 64 steps one was an approval.
            position(shape, 'H') > 0 AS asked
        FROM runs
        WHERE status IN ('ok', 'error') AND end_time > {since:DateTime64(3, 'UTC')} AND end_time <= {until:DateTime64(3, 'UTC')}
            AND ({agent:String} = '' OR agent = {agent:String})
    ),
    -- A score is given in a run, or days later; what arrived before the window cannot be about it.
    scored AS
    (
        SELECT run_id AS scored_run, min(toFloat64OrZero(attributes['gen_ai.evaluation.score.value'])) AS score
        FROM steps
        WHERE {score:String} != '' AND kind = 'score' AND start_time > {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
            AND attributes['gen_ai.evaluation.name'] = {score:String} AND mapContains(attributes, 'gen_ai.evaluation.score.value')
        GROUP BY run_id
    ),
    -- A policy that approves is no person. Of what a run does not say itself, a label may say that somebody had to help.
    helped AS
    (
        SELECT DISTINCT run_id AS helped_run
        FROM steps
        WHERE start_time > {since:DateTime64(3, 'UTC')} - toIntervalDay(7)
            AND ((kind = 'approval' AND run_id IN (SELECT run_id FROM ended WHERE asked)
                    AND attributes['playhead.approval.by'] NOT IN ('policy', 'auto'))
                OR (kind = 'score' AND operation = 'feedback' AND attributes['gen_ai.evaluation.score.label'] = 'needed-a-person'
                    AND run_id IN (SELECT run_id FROM ended)))
    ),
    segments AS
    (
        SELECT run_id AS segment_run, any(attributes['playhead.tag.segment']) AS segment
        FROM steps
        WHERE {by:String} = 'segment' AND kind = 'agent' AND start_time > {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
            AND mapContains(attributes, 'playhead.tag.segment')
        GROUP BY run_id
    ),
    judged AS
    (
        SELECT
            run_id, agent, version, model, segment, time, seconds, cost_usd, cost_more,
            scored_run != '' AS has_score,
            status = 'ok' AND (NOT has_score OR score >= {accepted:Float64}) AS success,
            helped_run != '' AS aided,
            -- Of the group that it is counted in.
            multiIf({by:String} = 'agent', toString(agent), {by:String} = 'version', concat(toString(agent), ' ', toString(version)),
                {by:String} = 'model', toString(model), {by:String} = 'segment', segment, 'all') AS name
        FROM ended
        LEFT JOIN scored ON ended.run_id = scored.scored_run
        LEFT JOIN helped ON ended.run_id = helped.helped_run
        LEFT JOIN segments ON ended.run_id = segments.segment_run
    )
