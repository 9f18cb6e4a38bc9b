-- title: A new version of an agent, and what got worse with it
-- why: A release is when agents change. Success, cost, steps, time and the ways that runs take are compared with the same
--   agent's runs before it, and what got worse is named.
-- severity: warning
-- owner: agents
-- every: 5m
-- group_by: agent, what
-- lookback: 7d
-- constant: what Identifier = version
-- constant: asks_prompts Bool = false; whether what is new is a prompt, which is looked up in steps
-- parameter: fewest UInt32 = 20; fewer runs of the new or of the old say nothing
-- parameter: fresh UInt32 = 86400; seconds of usual work (of the clock, where that is longer) for which what is new is held against what was before it
-- parameter: times Float64 = 1.5; how many times more cost, steps or time are worse
-- parameter: more Float64 = 0.08; by how much the share of failed runs, or of runs of an unknown pattern, must be higher
-- parameter: sigmas Float64 = 6; how far from what chance makes of so many runs
-- parameter: surprise Float64 = 10; how improbable by chance that so many fail, as a power of e
-- parameter: strangeness Float64 = 12; the same of unknown patterns
WITH
    prompted AS
    (
        SELECT run_id, hex(argMin(sipHash64(arrayFilter((h, f) -> f = 'system', piece_hashes, piece_fields)), start_time)) AS prompt
        FROM step_rows
        -- Nothing is read where it is false.
        WHERE {asks_prompts:Bool} AND kind = 'prompt' AND has(piece_fields, 'system')
            AND start_time > {since:DateTime64(3, 'UTC')} - toIntervalDay(1) AND start_time <= {until:DateTime64(3, 'UTC')}
        GROUP BY run_id
    ),
    told AS
    (
        SELECT run_rows.run_id AS run_id, agent, {at:Identifier} AS time, status = 'error' AS failed, toFloat64(steps) AS steps,
            toFloat64(ifNull(cost_usd, 0)) AS cost,
            greatest(toUnixTimestamp64Micro(end_time) - toUnixTimestamp64Micro(start_time), 1000) / 1e6 AS seconds,
            -- Which kinds of steps and which tools, whatever their number and order, and whether one of them failed.
            sipHash64(arraySort(arrayFilter(kind -> kind NOT IN ('T', 'x'), arrayDistinct(splitByString('', shape)))), tools) AS pattern,
            -- Where a person was asked, the time is the person's.
            position(shape, 'H') = 0 AS alone,
            version, models[1] AS model, prompt, toString({what:Identifier}) AS own,
            -- Who failed before anything was asked names no model and no prompt: it had those of its version, if that has one.
            minIf(own, own != '') OVER of_version AS of_others,
            if(own = '' AND of_others = maxIf(own, own != '') OVER of_version, of_others, own) AS what,
            -- A day of a weekend, with a fifth of the runs of a working day, says little of a release: as many count as a usual day has.
            row_number() OVER (PARTITION BY agent ORDER BY time DESC) * dateDiff('second', least({since:DateTime64(3, 'UTC')},
                {until:DateTime64(3, 'UTC')} - toIntervalDay(7)), {until:DateTime64(3, 'UTC')})
                <= {fresh:UInt32} * count() OVER (PARTITION BY agent)
                OR time > {until:DateTime64(3, 'UTC')} - toIntervalSecond({fresh:UInt32}) AS is_late
        FROM run_rows
        LEFT JOIN prompted ON run_rows.run_id = prompted.run_id
        -- Ways are held against a week, also where prompts are looked up in less: two odd days would make the usual ways new.
        WHERE status IN ('ok', 'error') AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
            AND {at:Identifier} > least({since:DateTime64(3, 'UTC')}, {until:DateTime64(3, 'UTC')} - toIntervalDay(7))
        WINDOW of_version AS (PARTITION BY agent, version)
    ),
    -- Agents with something new that enough runs have, and enough runs before it: of most agents nothing more is read.
    renewed AS
    (
        SELECT agent
        FROM (SELECT agent, what, count() AS runs, min(is_late) AS is_fresh FROM told WHERE what != '' GROUP BY agent, what)
        GROUP BY agent
        HAVING countIf(runs >= {fewest:UInt32} AND is_fresh) > 0
            AND sum(runs) >= 3 * {fewest:UInt32}
    ),
    -- An earlier version was in use again after it: what a bad release did is no measure for the next. Looked for further back than
    -- the past goes, which may begin in the middle of one.
    taken_back AS
    (
        SELECT agent, version
        FROM
        (
            SELECT agent, version, max({at:Identifier}) AS to, max(to) OVER (PARTITION BY agent ORDER BY min({at:Identifier})) AS last_of_earlier
            FROM run_rows
            WHERE {at:Identifier} > {until:DateTime64(3, 'UTC')} - toIntervalDay(14) AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}
            GROUP BY agent, version
        )
        WHERE last_of_earlier > to
    ),
    -- By windows, one after the other: what is named twice is read twice.
    dated AS
    (
        SELECT *, min(time) OVER (PARTITION BY agent, what) AS since_time,
            what != '' AND min(is_late) OVER (PARTITION BY agent, what) AS is_fresh
        FROM told
        -- Prompts are looked up in steps, which twice would be dearer.
        WHERE {asks_prompts:Bool} OR agent IN (SELECT agent FROM renewed)
    ),
    parted AS
    (
        SELECT *, minIf(time, is_fresh) OVER of_agent AS news_time, groupUniqArrayIf((what, since_time), is_fresh) OVER of_agent AS news,
            (agent, version) IN (SELECT agent, version FROM taken_back) AS was_taken_back
        FROM dated
        WINDOW of_agent AS (PARTITION BY agent)
    ),
    judged AS
    (
        -- What one run in two hundred of the past did is a way the agent has. Who failed went none to its end, and is counted there.
        SELECT *, time < news_time AND NOT was_taken_back AS is_past,
            NOT failed AND countIf(is_past) OVER (PARTITION BY agent, pattern) * 200 < countIf(is_past) OVER (PARTITION BY agent) AS strange
        FROM parted
        WHERE notEmpty(news)
    ),
    compared AS
    (
        SELECT agent, new.1 AS what, run_id, time, judged.what = new.1 AS is_new, failed, steps, cost, seconds, alone, strange
        FROM judged
        ARRAY JOIN news AS new
        WHERE judged.what = new.1 OR (judged.what != '' AND time < new.2 AND NOT was_taken_back)
    ),
    figures AS
    (
        SELECT
            agent, what, argMinIf(run_id, time, is_new) AS shown,
            countIf(is_new) AS n, countIf(NOT is_new) AS m,
            -- One bad afternoon of the week before is no part of how often runs fail: the worst of its days is left out.
            sumMapIf([toDate(time)], [toUInt64(failed)], [toUInt64(1)], NOT is_new) AS days,
            arraySort(one -> -one.1 / one.2, arrayZip(days.2, days.3)) AS worst_first,
            if(length(worst_first) > 2, arrayPopFront(worst_first), worst_first) AS usual,
            countIf(is_new AND failed) / n AS fails,
            (arraySum(one -> one.1, usual) + 1) / (arraySum(one -> one.2, usual) + 3) AS failed_before,
            countIf(is_new AND strange) / n AS strangers, (countIf(NOT is_new AND strange) + 1) / (m + 3) AS strange_before,
            avgIf(log(steps), is_new) - avgIf(log(steps), NOT is_new) AS more_steps, stddevPopIf(log(steps), NOT is_new) AS steps_vary,
            avgIf(log(cost), is_new AND cost > 0) - avgIf(log(cost), NOT is_new AND cost > 0) AS more_cost,
            stddevPopIf(log(cost), NOT is_new AND cost > 0) AS cost_varies,
            avgIf(log(seconds), is_new AND alone) - avgIf(log(seconds), NOT is_new AND alone) AS more_time,
            stddevPopIf(log(seconds), NOT is_new AND alone) AS time_varies, countIf(is_new AND alone) AS timed,
            -- Who fails tries again: of an agent of which hardly any run failed, two such users are no release.
            greatest(failed_before, 0.01) AS failed_by_chance,
            n * (fails * log(greatest(fails, 1e-9) / failed_by_chance) + (1 - fails) * log(greatest(1 - fails, 1e-9) / (1 - failed_by_chance))) AS fails_surprise,
            n * (strangers * log(greatest(strangers, 1e-9) / strange_before) + (1 - strangers) * log(greatest(1 - strangers, 1e-9) / (1 - strange_before))) AS strange_surprise
        FROM compared
        GROUP BY agent, what
        HAVING n >= {fewest:UInt32} AND m >= 2 * {fewest:UInt32}
    ),
    worse AS
    (
        SELECT *, arrayFilter(word -> word != '', [
            if(fails >= failed_before + {more:Float64} AND fails_surprise >= {surprise:Float64},
                format('{}% fail, before it {}%', toString(round(100 * fails, 1)), toString(round(100 * failed_before, 1))), ''),
            if(exp(more_cost) >= {times:Float64} AND more_cost >= {sigmas:Float64} * greatest(cost_varies, 0.05) / sqrt(n),
                format('a run costs {} times as much', toString(round(exp(more_cost), 2))), ''),
            if(exp(more_steps) >= {times:Float64} AND more_steps >= {sigmas:Float64} * greatest(steps_vary, 0.05) / sqrt(n),
                format('a run takes {} times as many steps', toString(round(exp(more_steps), 2))), ''),
            if(exp(more_time) >= {times:Float64} AND more_time >= {sigmas:Float64} * greatest(time_varies, 0.05) / sqrt(timed),
                format('a run takes {} times as long', toString(round(exp(more_time), 2))), ''),
            if(strangers >= strange_before + {more:Float64} AND strange_surprise >= {strangeness:Float64},
                format('{}% go a way that was not taken before', toString(round(100 * strangers, 1))), '')]) AS words
        FROM figures
    )
SELECT
    toString(agent) AS agent,
    what,
    shown AS run_id,
    '' AS step_id,
    length(words) AS value,
    format('{} with {}, in {} runs: {}', agent, what, toString(n), arrayStringConcat(words, '; ')) AS summary
FROM worse
WHERE value > 0
