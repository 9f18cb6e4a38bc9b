-- title: A run that goes from state to state and reaches none that it was not in
-- why: An agent that plans, acts and plans again spends as one that works does. A transition with a detail of its own (another
--   item, another attempt) is progress; going back to where the run has been, again and again, is none.
-- severity: warning
-- owner: agents
-- only_if: countIf(kind = 'state') >= {returns:UInt32}
-- group_by: run_id, machine
-- parameter: returns UInt32 = 6; transitions in a row that lead back
WITH
-- Not a column: what a rule returns beside is an alert's labels, and a run may have any number of states.
arraySort(x -> x.1, groupArray((start_time, reached))).2 AS states,
transitions AS
(
    SELECT
        run_id,
        agent,
        step_id,
        start_time,
        attributes['playhead.transition.machine'] AS machine,
        sipHash64(mapFilter((key, value) -> startsWith(key, 'playhead.transition.') AND key != 'playhead.transition.from',
            attributes)) AS reached
    FROM steps
    WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')} AND kind = 'state'
)
SELECT
    run_id,
    toString(any(agent)) AS agent,
    machine,
    argMax(step_id, start_time) AS step_id,
    -- The n-th time that a state is reached; the first is progress.
    arrayFold((streak, times) -> (if(times > 1, streak.1 + 1, 0)::UInt32,
        greatest(streak.2, if(times > 1, streak.1 + 1, 0))::UInt32), arrayEnumerateUniq(states), (0::UInt32, 0::UInt32)).2 AS value,
    format('{} made {} transitions in a row to states that it had been in', if(agent = '', 'a run', agent), toString(value)) AS summary
FROM transitions
GROUP BY run_id, machine
HAVING value >= {returns:UInt32}
