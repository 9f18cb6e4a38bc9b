-- title: A run that succeeded after a call had failed again and again
-- why: Retries hide an outage until they no longer help, and each is paid for in time and often in money. One or two are
--   what retries are for; the same call failing many times in a run that says ok is a failure nobody was told of.
-- severity: warning
-- owner: agents
-- only_if: run_status = 'ok' AND countIf(kind IN ('tool', 'prompt', 'retrieval') AND status = 'error') >= {failures:UInt32}
-- group_by: run_id, call
-- parameter: failures UInt32 = 4; failed attempts at one and the same call that are too many
SELECT
    run_id,
    toString(any(agent)) AS agent,
    toString(any(called)) AS call,
    argMax(step_id, start_time) AS step_id,
    count() AS value,
    format('{} failed {} times with the same input, and the run says ok', call, toString(value)) AS summary
FROM
(
    SELECT run_id, agent, step_id, start_time, if(kind = 'tool', tool, if(request_model != '', request_model, name)) AS called,
        sipHash64(arrayFilter((h, f) -> f IN ('input', 'arguments', 'input_any'), piece_hashes, piece_fields)) AS asked
    FROM steps
    WHERE run_id IN {runs:Array(String)} AND start_time >= {began:DateTime64(3, 'UTC')}
        AND kind IN ('tool', 'prompt', 'retrieval') AND status = 'error'
        AND run_id IN (SELECT run_id FROM runs WHERE run_id IN {runs:Array(String)} AND status = 'ok')
)
GROUP BY run_id, called, asked
HAVING value >= {failures:UInt32}
